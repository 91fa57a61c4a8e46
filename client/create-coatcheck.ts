import { createAsk } from './ask.ts'
import { type KeepingUp, keepUp } from './keep-up.ts'
import { createKnowledge, type SessionListener } from './knowledge.ts'
import { createSessionReader } from './read-session.ts'
import { createSend, type Send } from './send.ts'
import type { Reason, Session } from './session.ts'
import { createTakeEvent } from './take-event.ts'

export type { Reason, Session, SignedIn, SignedOut, Unknown, User } from './session.ts'
export type { Send, SessionListener }

export interface Options {
  /** Where the gateway's own endpoints are: its `prefix`. Default `/bff`. */
  readonly prefix?: string
  /** Milliseconds between questions where there is no event stream; four times as many in a tab that nobody looks at. Default 30,000. */
  readonly pollMilliseconds?: number
  /** After so many milliseconds without a word, a stream or the tab that holds it counts as dead. Default 45,000: three of the gateway's heartbeats. */
  readonly silentMilliseconds?: number
  /** How long before its end a session is `expiring`, where the gateway has not said so by an event. Default 300,000. */
  readonly expiringMilliseconds?: number
}

export interface Coatcheck {
  readonly session: {
    /** What is known now; the same object for as long as the same holds. */
    readonly current: Session
    /** Calls the listener with every change from now on. The returned function ends that. */
    readonly subscribe: (listener: SessionListener) => () => void
  }
  /** Calls the listener when another person is signed in than the one before: what the page shows was not theirs, so reload it. */
  readonly onUserChanged: (listener: SessionListener) => () => void
  /** Leaves for the sign-in, which comes back to `returnTo`: a path of this origin, by default the very place that is open. */
  readonly login: (returnTo?: string) => void
  /** Ends the session in every tab, then leaves for the provider's logout. Rejects where the gateway could not end it. */
  readonly logout: () => Promise<void>
  /** Says that somebody is still there, which moves the idle end. Resolves with what holds now; rejects where the gateway could not say. */
  readonly extend: () => Promise<Session>
  /** Asks anew, where a page wants to show the times as they are this moment: calls move them, and tell nobody. */
  readonly refresh: () => Promise<Session>
  /** `fetch` with what the gateway asks for; see docs/client.md for what it repeats, and what it never does. */
  readonly fetch: Send
  /** Ends everything that runs, for good. */
  readonly close: () => void
}

/** The gateway's client, one a page. Outside of a browser the session stays `unknown` and nothing runs. */
export function createCoatcheck(options: Options = {}): Coatcheck {
  const { prefix = '/bff', pollMilliseconds = 30_000, silentMilliseconds = 45_000, expiringMilliseconds = 300_000 } = options
  const reader = createSessionReader(expiringMilliseconds)
  const knowledge = createKnowledge({ onDoubt: () => void ask() })
  const ask = createAsk({ prefix, reader, learn })
  const refused = (reason: Reason) => void lookInto(reason)
  const send = createSend(refused)
  const onEvent = createTakeEvent({ knowledge, reader, learn, ask, refused })
  let lastReason: Reason | undefined
  let signingOut: Promise<void> | undefined
  knowledge.subscribe(({ state }) => {
    if (state === 'signed-in') lastReason = signingOut = undefined
  })
  const running: KeepingUp | undefined =
    typeof document === 'undefined'
      ? undefined
      : keepUp({ eventsUrl: `${prefix}/events`, pollMilliseconds, silentMilliseconds, knowledge, ask, onEvent })

  return {
    session: {
      get current() {
        return knowledge.current
      },
      subscribe: knowledge.subscribe,
    },
    onUserChanged: knowledge.onUserChanged,

    login(returnTo = location.pathname + location.search + location.hash) {
      location.assign(`${prefix}/login?returnTo=${encodeURIComponent(returnTo)}`)
    },

    logout() {
      // Once: asked a second time, there is no session left to leave the provider with, and the page would go past it.
      signingOut ??= signOut().catch((error: unknown) => {
        signingOut = undefined
        throw error
      })
      return signingOut
    },

    async extend() {
      const askedAt = Date.now()
      const response = await send(`${prefix}/session/extend`, { method: 'POST' })
      const session = response.ok ? reader.readAnswer(await response.json(), Date.now()) : undefined
      if (session) learn(session, askedAt)
      else if (response.status === 401) await ask()
      else throw new Error(`The session could not be extended (${response.status}).`)
      return session ?? knowledge.current
    },

    async refresh() {
      await ask()
      return knowledge.current
    },

    fetch: send,
    close: () => running?.stop(),
  }

  async function signOut(): Promise<void> {
    const response = await send(`${prefix}/logout`, { method: 'POST' })
    if (!response.ok) throw new Error(`Signing out did not work (${response.status}); the session goes on.`)
    const answer = await response.json()
    learn({ state: 'signed-out', reason: 'signed_out' })
    location.assign(answer.continue)
  }

  function learn(told: Session, askedAt = Date.now()): void {
    const session = explained(told)
    const news = { session, askedAt, answeredAt: Date.now() }
    if (knowledge.consider(news)) running?.tell(news)
  }

  /** Once the cookie is gone the gateway has no reason to tell any more: then the one that is known, or that the ending itself gave, holds. */
  function explained(session: Session): Session {
    if (session.state !== 'signed-out') lastReason = undefined
    else if (session.reason === 'none') return { ...session, reason: knowledge.current.reason ?? lastReason ?? 'none' }
    return session
  }

  /**
   * The gateway refused a request for want of a session. That request may be older than a new sign-in, so that it is asked what holds
   * now, once for all that are refused together; until somebody can say, the refusal's own word stands.
   */
  async function lookInto(reason: Reason): Promise<void> {
    if (knowledge.current.state === 'signed-out') return
    lastReason = reason
    const isTold = await (running?.look ?? ask)()
    if (!isTold && reason !== 'replaced') learn({ state: 'signed-out', reason })
  }
}
