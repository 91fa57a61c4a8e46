import type { Holding } from './memory-table.ts'

interface Addition {
  readonly member: string
  /** Epoch milliseconds, as `at`, which is now. */
  readonly deadline: number
  readonly most: number
  readonly at: number
}

/** The members whose deadline has not passed, earliest first. */
export function currentMembers(holding: Holding | undefined, at: number): ReadonlyMap<string, number> {
  if (holding?.kind !== 'members') return new Map()
  return new Map([...holding.members].filter(([, deadline]) => deadline > at))
}

/** The set with one more member, pruned; where there are more than `most`, the earliest leave. */
export function addMember(holding: Holding | undefined, { member, deadline, most, at }: Addition): ReadonlyMap<string, number> {
  const members = new Map(currentMembers(holding, at))
  members.set(member, deadline)
  const ordered = [...members].filter(([, until]) => until > at).sort(([, one], [, other]) => one - other)
  return new Map(ordered.slice(-most))
}
