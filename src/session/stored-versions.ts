import type { Store } from '../store/port.ts'
import type { SessionKeys } from './keys.ts'
import type { SessionId } from './records.ts'

/** The versions of the grants that the store holds now; undefined where it holds none. Rejects with `store_unavailable`. */
export type StoredVersions = (ids: readonly SessionId[]) => Promise<readonly (number | undefined)[]>

export function createStoredVersions(store: Pick<Store, 'read'>, keys: SessionKeys): StoredVersions {
  return async function storedVersions(ids) {
    const stored = await store.read(ids.map(keys.grant))
    return stored.map((grant) => (grant === undefined ? undefined : Number(grant.slice(0, grant.indexOf(':')))))
  }
}
