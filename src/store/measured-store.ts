import type { ObserveStore } from '../report/store-observation.ts'
import type { Store } from './port.ts'

/** The same store, whose every operation is told of: its name, how many milliseconds it took, whether it failed. */
export function createMeasuredStore(store: Store, observe: ObserveStore, clock: () => number = () => performance.now()): Store {
  async function measured<Answer>(operation: keyof Store, run: () => Promise<Answer>): Promise<Answer> {
    const startedAt = clock()
    let failed = true
    try {
      const answer = await run()
      failed = false
      return answer
    } finally {
      observe(operation, clock() - startedAt, failed)
    }
  }

  return {
    read: (keys) => measured('read', () => store.read(keys)),
    write: (key, value, lifetime, when) => measured('write', () => store.write(key, value, lifetime, when)),
    writeAll: (records) => measured('writeAll', () => store.writeAll(records)),
    take: (key) => measured('take', () => store.take(key)),
    remove: (keys) => measured('remove', () => store.remove(keys)),
    removeLeaving: (keys, trace) => measured('removeLeaving', () => store.removeLeaving(keys, trace)),
    retire: (going, trace) => measured('retire', () => store.retire(going, trace)),
    keep: (keys, lifetime) => measured('keep', () => store.keep(keys, lifetime)),
    swap: (key, expected, next) => measured('swap', () => store.swap(key, expected, next)),
    lease: (key, owner, lifetime) => measured('lease', () => store.lease(key, owner, lifetime)),
    release: (key, owner) => measured('release', () => store.release(key, owner)),
    count: (key, by, window) => measured('count', () => store.count(key, by, window)),
    addMember: (key, member, deadline, most) => measured('addMember', () => store.addMember(key, member, deadline, most)),
    members: (key) => measured('members', () => store.members(key)),
    removeMember: (key, member) => measured('removeMember', () => store.removeMember(key, member)),
    watch: (listener) => store.watch(listener),
    link: store.link,
    close: () => store.close(),
  }
}
