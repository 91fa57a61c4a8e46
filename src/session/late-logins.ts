import { GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import { amendRecord, versionOf } from './amend-record.ts'
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
  /** Logins that began until then are meant, in epoch milliseconds, and with `Infinity` whichever; what was noted of later ones stands. */
  readonly note: (ended: EndedWhole, until: number) => Promise<void>
  /** Throws `login_overtaken` where an ending means this login. */
  readonly refuse: (login: Login) => Promise<void>
}

export function createLateLogins({
  store,
  keys,
  loginTimeoutMilliseconds,
}: {
  readonly store: Pick<Store, 'read' | 'write' | 'swap' | 'keep'>
  readonly keys: SessionKeys
  readonly loginTimeoutMilliseconds: number
}): LateLogins {
  const lifetimeMilliseconds = loginTimeoutMilliseconds + MARGIN_MILLISECONDS

  return {
    async note(ended, until) {
      const key =
        'subject' in ended
          ? keys.userEnded(ended.issuer, ended.subject)
          : keys.providerSessionEnded(ended.issuer, ended.providerSession)
      const latest = Math.min(Math.ceil(until), Number.MAX_SAFE_INTEGER)
      await amendRecord(store, { key, lifetimeMilliseconds }, (held) => (means(held, latest) ? undefined : `${latest}:`))
    },
    async refuse({ issuer, subject, providerSession, startedAt }) {
      const [[userEnded], [providerEnded]] = await Promise.all([
        store.read([keys.userEnded(issuer, subject)]),
        providerSession === undefined ? [undefined] : store.read([keys.providerSessionEnded(issuer, providerSession)]),
      ])
      if (means(providerEnded, startedAt)) throw overtaken('its session at the provider has ended')
      if (means(userEnded, startedAt)) throw overtaken('all sessions of this person were ended')
    },
  }
}

/** Whether what was noted means a login that began then. */
function means(noted: string | undefined, startedAt: number): boolean {
  return noted !== undefined && startedAt <= versionOf(noted)
}

function overtaken(note: string): GatewayError {
  return new GatewayError('login_overtaken', { note })
}
