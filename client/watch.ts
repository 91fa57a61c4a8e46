import type { Knowledge } from './knowledge.ts'
import type { StreamEnd } from './event-stream.ts'
import { pause } from './pause.ts'
import type { Session } from './session.ts'

interface Steps {
  /** Reads events until they end; undefined where this tab is to do without. */
  readonly listen: ((signal: AbortSignal) => Promise<StreamEnd>) | undefined
  readonly ask: () => Promise<unknown>
  readonly knowledge: Pick<Knowledge, 'current' | 'subscribe'>
  readonly pollMilliseconds: number
}

const RETRY_MILLISECONDS = 2_000
/** A stream that ends sooner is cut by something on the way, and counts as one that failed. */
const SHORT_MILLISECONDS = 10_000
/** So many failures in a row, and questions take the place of the stream; every so many rounds it is tried again. */
const MOST_FAILURES = 3
const ROUNDS_BETWEEN_TRIES = 20
const HIDDEN_FACTOR = 4
const LONGEST_MILLISECONDS = 300_000

export type Watch = ReturnType<typeof createWatch>

/**
 * Watches the session for as long as somebody may be signed in: a stream where there can be one, else a question now and then,
 * seldom while nobody looks at the tab. After every stream, however it ended, it is asked what holds now.
 */
export function createWatch({ listen, ask, knowledge, pollMilliseconds }: Steps) {
  let turn: AbortController | undefined
  let isListening = false

  return {
    begin,
    end,
    get isRunning() {
      return turn !== undefined
    },
    /** Begins again at once, where it is only waiting, or where its stream is said to be of no use any more. */
    anew(dropStream: boolean) {
      if (turn && (dropStream || !isListening)) restart()
    },
  }

  function begin(): void {
    turn = new AbortController()
    void keepWatch(turn.signal)
  }

  function end(): void {
    turn?.abort()
    turn = undefined
    isListening = false
  }

  function restart(): void {
    end()
    begin()
  }

  async function keepWatch(signal: AbortSignal): Promise<void> {
    let failures = 0
    let asked = 0
    while (!signal.aborted) {
      const { current } = knowledge
      if (current.state === 'signed-in') failures = await watchOnce(signal, failures)
      else {
        await untilChanged(
          signal,
          isSettled(current, asked) ? undefined : RETRY_MILLISECONDS * 2 ** Math.min(asked, MOST_FAILURES),
        )
        asked = current === knowledge.current ? asked + 1 : 0
        if (asked > 0 && !signal.aborted) await ask()
      }
    }
  }

  /** A stream and the way back to it, or a question; resolves with how many rounds in a row were without a stream. */
  async function watchOnce(signal: AbortSignal, failures: number): Promise<number> {
    const isTried = listen !== undefined && (failures < MOST_FAILURES || failures % ROUNDS_BETWEEN_TRIES === 0)
    const ended = isTried ? await listenUntilEnd(listen, signal) : undefined
    const now = ended && ended.lasted >= SHORT_MILLISECONDS ? 0 : failures + 1
    if (ended && !signal.aborted) await ask()
    if (ended && now < MOST_FAILURES) await pause(vary(ended.retryMilliseconds ?? RETRY_MILLISECONDS), signal)
    else {
      await pause(vary(pollMilliseconds * (document.hidden ? HIDDEN_FACTOR : 1)), signal)
      if (!signal.aborted) await ask()
    }
    return now
  }

  async function listenUntilEnd(read: NonNullable<Steps['listen']>, signal: AbortSignal): Promise<StreamEnd> {
    isListening = true
    // Warned people act, by calls of which no event need tell.
    const asking = setInterval(() => {
      if (knowledge.current.state === 'signed-in' && knowledge.current.expiring) void ask()
    }, pollMilliseconds)
    // Of a session that this browser has lost or left without an end, the stream goes on, and says nothing of the one that came after.
    const own = createdAtOf(knowledge.current)
    const leave = knowledge.subscribe((session) => {
      if (![own, undefined].includes(createdAtOf(session))) restart()
    })
    const ended = await read(signal)
    leave()
    clearInterval(asking)
    if (!signal.aborted) isListening = false
    return ended
  }

  /** Resolves when something else is known, or after a time. */
  function untilChanged(signal: AbortSignal, milliseconds = Infinity): Promise<void> {
    return new Promise((resolve) => {
      const leave = knowledge.subscribe(() => done())
      const timer = milliseconds < Infinity ? setTimeout(done, milliseconds) : undefined
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
      function done(): void {
        leave()
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}

function createdAtOf(session: Session): number | undefined {
  return session.state === 'signed-in' ? session.createdAt : undefined
}

/**
 * Whether there is nothing to ask about until something happens. Where nobody could say, there is; and after `replaced` for a while: a
 * session ends as that a moment before the browser has the cookie of the new one, which asks for nothing in a page without this client.
 */
function isSettled({ state, reason }: Session, asked: number): boolean {
  return state === 'signed-out' && (reason !== 'replaced' || asked >= MOST_FAILURES)
}

/** Not all at once, where a gateway that stops ends the streams of thousands. */
function vary(milliseconds: number): number {
  return Math.min(milliseconds, LONGEST_MILLISECONDS) * (0.75 + Math.random() / 2)
}
