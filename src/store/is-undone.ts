import { isOfEverything } from './redis-meanings.ts'

const FULL = new Set(['OOM', 'FULL'])
const NO_WRITES = new Set(['READONLY', 'MISCONF', 'NOREPLICAS'])

/** Answers that came about only by a write for which room was needed. */
const NEEDS_ROOM: Readonly<Record<string, (answer: unknown) => boolean>> = {
  write: () => true,
  writeAll: () => true,
  addMember: () => true,
  swap: (answer) => answer === 'written',
  lease: (answer) => answer === true,
  count: (answer) => Number(answer) > 0,
}
/** Operations that write whatever they find, but that a full server takes too. */
const REMOVES = new Set(['take', 'remove', 'removeLeaving', 'keep', 'removeMember'])

/** Whether an answer shows that the store does again what it refused with `code`, when it was asked to do `refused`. */
export function isUndone(code: string, refused: string, answered: string, answer: unknown): boolean {
  if (code === 'LATE' || isOfEverything(code)) return true
  const hadRoom = NEEDS_ROOM[answered]?.(answer)
  if (FULL.has(code)) return hadRoom === true
  if (NO_WRITES.has(code)) return hadRoom === true || REMOVES.has(answered)
  // A lack of permission, as an unknown command, is one of its operation alone.
  return answered === refused && hadRoom !== false
}
