import type { LiveSession } from '../session/records.ts'
import type { ReplaceGrant } from '../session/replace-grant.ts'
import type { StoredVersions } from '../session/stored-versions.ts'
import type { Store } from '../store/port.ts'
import { stormy } from './outcome.ts'

const SESSIONS_AT_ONCE = 100

interface Steps {
  readonly store: Pick<Store, 'watch'>
  /** Grants that the store is known to have held lately. */
  readonly lately: () => readonly LiveSession[]
  readonly storedVersions: StoredVersions
  readonly replaceGrant: ReplaceGrant
  readonly inBackground: (work: Promise<void>) => void
}

/**
 * Puts back what a store has lost: after a crash, or when a replica takes over, its last writes may be missing, and with them refresh
 * tokens whose predecessors are spent. Whenever the store is found again, grants that it held lately are compared with what it holds
 * now; an older one gives way, and none is created.
 */
export function restoreGrants({ store, lately, storedVersions, replaceGrant, inBackground }: Steps): void {
  store.watch((key) => {
    const sessions = key === undefined ? lately() : []
    // Weather again: the next time that the store is found, it begins anew.
    if (sessions.length > 0) inBackground(restore(sessions).catch((error: unknown) => void stormy(error)))
  })

  async function restore(sessions: readonly LiveSession[]): Promise<void> {
    for (let from = 0; from < sessions.length; from += SESSIONS_AT_ONCE) {
      const some = sessions.slice(from, from + SESSIONS_AT_ONCE)
      const versions = await storedVersions(some.map(({ ticket }) => ticket.id))
      const lost = some.filter(({ grant }, index) => (versions[index] ?? Infinity) < grant.version)
      // One that cannot be put back, such as over a record of an unknown key, keeps no other from it.
      await Promise.all(lost.map((session) => replaceGrant(session).catch(stormy)))
    }
  }
}
