import { GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'

/** Clocks of several instances, and what a login still has to do when its transaction was taken at the last moment. */
const MARGIN_MILLISECONDS = 60_000

/** Whose sessions were ended: all of a person, or those of one session at the provider. */
export type EndedWhole =
  | { readonly issuer: string; readonly subject: string }
  | { readonly issuer: string; readonly providerSession: string }

interface Login {
  readonly issuer: string
  readonly subject: string
  readonly providerSession: string | undefined
  /** Epoch milliseconds. */
  readonly startedAt: number
}

/**
 * Keeps logins that were under way when an ending came from beginning the very session that was to end. What was ended whole is
 * remembered for as long as a login can take: what began later is a new decision of the provider's, and free.
 *
 * Noted before the sessions are looked up, and asked after a new one has been listed: whichever of the two comes first, one sees the other.
 */
export interface LateLogins {
  readonly note: (ended: EndedWhole, at: number) => Promise<void>
  /** Throws `login_overtaken` where an ending means this login. */
  readonly refuse: (login: Login) => Promise<void>
}

export function createLateLogins({
  store,
  keys,
  loginTimeoutMilliseconds,
}: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly keys: SessionKeys
  readonly loginTimeoutMilliseconds: number
}): LateLogins {
  return {
    async note(ended, at) {
      const key =
        'subject' in ended
          ? keys.userEnded(ended.issuer, ended.subject)
          : keys.providerSessionEnded(ended.issuer, ended.providerSession)
      await store.write(key, String(at), loginTimeoutMilliseconds + MARGIN_MILLISECONDS)
    },
    async refuse({ issuer, subject, providerSession, startedAt }) {
      const [[userEnded], [providerEnded]] = await Promise.all([
        store.read([keys.userEnded(issuer, subject)]),
        providerSession === undefined ? [undefined] : store.read([keys.providerSessionEnded(issuer, providerSession)]),
      ])
      // A session at the provider never comes back to life; a person does.
      if (providerEnded !== undefined) throw overtaken('its session at the provider has ended')
      if (userEnded !== undefined && startedAt <= Number(userEnded)) throw overtaken('all sessions of this person were ended')
    },
  }
}

function overtaken(note: string): GatewayError {
  return new GatewayError('login_overtaken', { note })
}
