import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { LiveSession } from './records.ts'
import type { RecordSeals } from './seal-records.ts'

/** What became of a new grant: `conflict`: somebody else's stands, as new or newer; `absent`: the session has ended. */
export type GrantReplacement = 'written' | 'conflict' | 'absent'

/**
 * Writes a session's renewed grant by compare-and-set on the version: nothing late puts old tokens back or revives what has ended.
 *
 * May be asked again for the same grant after an answer was lost, or after the store has lost it: one that stands already counts as
 * written, and an older one gives way. Rejects with `store_unavailable` or `record_unreadable`.
 */
export type ReplaceGrant = (renewed: LiveSession) => Promise<GrantReplacement>

/** An older grant gives way at the second try; whoever loses more often than this loses to somebody who is newer. */
const MOST_TRIES = 3

export function createReplaceGrant(
  store: Pick<Store, 'swap' | 'read'>,
  keys: SessionKeys,
  seals: RecordSeals,
  forget: (id: string) => void,
): ReplaceGrant {
  return async function replaceGrant({ ticket, grant }) {
    const key = keys.grant(ticket.id)
    let expected = grant.version - 1
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const replacement = await store.swap(key, expected, seals.sealGrant(ticket, grant))
      forget(ticket.id)
      if (replacement !== 'conflict') return replacement

      const [stored] = await store.read([key])
      if (stored === undefined) return 'absent'
      const standing = seals.openGrant(ticket, stored)
      if (standing.version >= grant.version) {
        return standing.version === grant.version && standing.accessToken === grant.accessToken ? 'written' : 'conflict'
      }
      expected = standing.version
    }
    return 'conflict'
  }
}
