import { requireLifetime } from './lifetime.ts'
import type { MemoryTable } from './memory-table.ts'
import type { Going, StoredRecord } from './port.ts'

/** `Store.retire` over a table. It never awaits, so that nobody sees the middle of it; and where there is no room, nothing has happened. */
export function retireInMemory(
  table: MemoryTable,
  { kept, milliseconds, removed }: Going,
  { key, value, lifetimeMilliseconds }: StoredRecord,
  at: number,
): boolean {
  const expiresAt = at + requireLifetime(lifetimeMilliseconds)
  const goesAt = at + requireLifetime(milliseconds)
  const standing = kept.flatMap((each) => table.find(each) ?? [])
  if (standing.length < kept.length) return false
  if (table.find(key)) return true
  table.requireRoom([key])
  table.put(key, { kind: 'text', value, expiresAt })
  for (const [index, holding] of standing.entries())
    table.put(kept[index] ?? '', { ...holding, expiresAt: Math.min(holding.expiresAt, goesAt) })
  for (const each of removed) table.drop(each)
  return true
}
