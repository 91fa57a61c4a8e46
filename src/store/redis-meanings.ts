/** What a code of Redis, or of the way to it, means to whoever has to mend it. */
export const REDIS_MEANINGS: readonly (readonly [code: string, means: string])[] = [
  ['WRONGPASS', 'user name or password is wrong'],
  ['NOAUTH', 'it wants a password'],
  ['NOPERM', 'the user may not do this'],
  ['READONLY', 'it is a replica'],
  ['OOM', 'its memory is full'],
  ['MISCONF', 'it cannot write to its disk, and takes no writes until it can'],
  ['NOREPLICAS', 'too few replicas are with it, and it takes no writes until they are'],
  ['LOADING', 'it is loading its records'],
  ['BUSY', 'a script keeps it busy'],
  ['MASTERDOWN', 'it is a replica without its primary'],
  ['MOVED', 'it is one node of a cluster'],
  ['LATE', 'it answers later than store.deadline allows'],
  ['FULL', 'the memory store holds store.mostRecords records'],
  ['PASSWORD_FILE', 'the file of store.passwordFile cannot be read or is empty'],
  ['NO_SENTINEL', 'no sentinel answers'],
  ['SENTINEL_REFUSED', 'the sentinels want another password; it is set by store.sentinelPassword'],
  ['NO_PRIMARY', 'no sentinel knows a primary of that name'],
  ['NOT_PRIMARY', 'the server that the sentinels name is not, or not yet, a primary'],
]

/** A server that answers nothing yet, or nothing at the moment: it knows no record, which is not "absent". */
const NOT_YET = new Set(['LOADING', 'BUSY', 'MASTERDOWN'])

const MEANINGS = new Map(REDIS_MEANINGS)

/** A code, and what it means where that is known: `OOM (its memory is full)`. */
export function explainFailure(code: string): string {
  const means = MEANINGS.get(code)
  return means === undefined ? code : `${code} (${means})`
}

/** Whether a refusal is one of everything, reads too. */
export function isOfEverything(code: string): boolean {
  return NOT_YET.has(code)
}
