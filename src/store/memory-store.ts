import type { Report } from '../report/events.ts'
import { requireLifetime } from './lifetime.ts'
import { createListeners } from './listeners.ts'
import { addMember, currentMembers } from './memory-members.ts'
import { retireInMemory } from './memory-retire.ts'
import { createMemoryTable } from './memory-table.ts'
import type { Store } from './port.ts'
import { createStoreState } from './store-state.ts'

const SWEEP_EVERY_MILLISECONDS = 1_000
const SWEPT_AT_ONCE = 10_000

interface Steps {
  readonly mostRecords: number
  readonly now: () => number
  /** Told, once per change, that it is full and that it is so no longer. */
  readonly report?: Report
}

/**
 * Records in this process alone, for one process and for trials. Nothing in it fails but one thing: when it is full, new
 * records are refused with `store_unavailable`, and those it holds stay.
 */
export function createMemoryStore({ mostRecords, now, report = () => undefined }: Steps): Store {
  const { add, tell } = createListeners()
  const state = createStoreState(report, now)
  const table = createMemoryTable({ mostRecords, now, onChange: tell, state })
  const sweeper = setInterval(() => {
    table.sweep(SWEPT_AT_ONCE)
    state.settle()
  }, SWEEP_EVERY_MILLISECONDS).unref()

  function findText(key: string) {
    const holding = table.find(key)
    return holding?.kind === 'text' ? holding : undefined
  }

  function putText(key: string, value: string, expiresAt: number): void {
    table.put(key, { kind: 'text', value, expiresAt })
  }

  // The bodies below never await, so each of them is one step that no other caller can see the middle of.
  return {
    async read(keys) {
      return keys.map((key) => findText(key)?.value)
    },

    async write(key, value, lifetimeMilliseconds, when) {
      const expiresAt = now() + requireLifetime(lifetimeMilliseconds)
      const present = table.find(key) !== undefined
      if ((when === 'absent' && present) || (when === 'present' && !present)) return false
      table.requireRoom([key])
      putText(key, value, expiresAt)
      return true
    },

    async writeAll(records) {
      for (const { lifetimeMilliseconds } of records) requireLifetime(lifetimeMilliseconds)
      table.requireRoom(records.map(({ key }) => key))
      for (const { key, value, lifetimeMilliseconds } of records) putText(key, value, now() + lifetimeMilliseconds)
    },

    async take(key) {
      const value = findText(key)?.value
      if (value !== undefined) table.drop(key)
      return value
    },

    async remove(keys) {
      return keys.filter((key) => table.find(key) && table.drop(key)).length
    },

    async removeLeaving(keys, { key, value, lifetimeMilliseconds }) {
      const expiresAt = now() + requireLifetime(lifetimeMilliseconds)
      const removed = keys.filter((each) => table.find(each) && table.drop(each)).length
      if (removed > 0) putText(key, value, expiresAt)
      return removed
    },

    async retire(going, trace) {
      return retireInMemory(table, going, trace, now())
    },

    async keep(keys, lifetimeMilliseconds) {
      const expiresAt = now() + requireLifetime(lifetimeMilliseconds)
      for (const key of keys) {
        const holding = table.find(key)
        if (holding) table.put(key, { ...holding, expiresAt })
      }
    },

    async swap(key, expected, next) {
      const held = findText(key)
      if (!held) return 'absent'
      if (!held.value.startsWith(`${expected}:`)) return 'conflict'
      putText(key, next, held.expiresAt)
      return 'written'
    },

    async lease(key, owner, lifetimeMilliseconds) {
      const expiresAt = now() + requireLifetime(lifetimeMilliseconds)
      const held = findText(key)
      if (held && held.value !== owner) return false
      table.requireRoom([key])
      putText(key, owner, expiresAt)
      return true
    },

    async release(key, owner) {
      if (findText(key)?.value === owner) table.drop(key)
    },

    async count(key, by, windowMilliseconds) {
      const expiresAt = now() + requireLifetime(windowMilliseconds)
      const held = findText(key)
      const value = Math.max(0, Number(held?.value ?? 0) + by)
      if (!held && value === 0) return 0
      table.requireRoom([key])
      putText(key, String(value), held?.expiresAt ?? expiresAt)
      return value
    },

    async addMember(key, member, deadline, most) {
      table.requireRoom([key])
      const members = addMember(table.find(key), { member, deadline, most, at: now() })
      if (members.size === 0) table.drop(key)
      else table.put(key, { kind: 'members', members, expiresAt: Math.max(...members.values()) })
    },

    async members(key) {
      return [...currentMembers(table.find(key), now()).keys()]
    },

    async removeMember(key, member) {
      const holding = table.find(key)
      if (holding?.kind !== 'members' || !holding.members.has(member)) return
      const members = new Map(holding.members)
      members.delete(member)
      if (members.size === 0) table.drop(key)
      else table.put(key, { ...holding, members })
    },

    watch: add,
    link: { live: true, certainAt: Number.POSITIVE_INFINITY, foundAgainAt: Number.NEGATIVE_INFINITY, tells: true },
    async close() {
      clearInterval(sweeper)
    },
  }
}
