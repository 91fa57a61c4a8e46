import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { GrantRecord, LiveSession } from './records.ts'
import type { RecordSeals } from './seal-records.ts'

/** What became of a new grant: `conflict`: somebody else's is newer; `absent`: the session has ended. */
export type GrantReplacement = 'written' | 'conflict' | 'absent'

/** Replaces a session's grant by compare-and-set on its version: nothing late puts old tokens back or revives what has ended. */
export type ReplaceGrant = (session: LiveSession, next: Omit<GrantRecord, 'version'>) => Promise<GrantReplacement>

export function createReplaceGrant(
  store: Pick<Store, 'swap'>,
  keys: SessionKeys,
  seals: RecordSeals,
  forget: (id: string) => void,
): ReplaceGrant {
  return async function replaceGrant({ ticket, grant }, next) {
    const replacement = await store.swap(
      keys.grant(ticket.id),
      grant.version,
      seals.sealGrant(ticket, { ...next, version: grant.version + 1 }),
    )
    forget(ticket.id)
    return replacement
  }
}
