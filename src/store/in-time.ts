import { startDeadline } from './deadline.ts'
import { failureOf } from './redis-failure.ts'

/** The same answer; rejects with `ETIMEDOUT` where it is not here in time. */
export function inTime<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>()
  const stopDeadline = startDeadline(milliseconds, () => late.reject(failureOf('ETIMEDOUT')))
  return Promise.race([answer, late.promise]).finally(stopDeadline)
}
