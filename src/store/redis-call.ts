import { startDeadline } from './deadline.ts'
import type { RedisConnection } from './redis-connection.ts'
import { isRefusal, nameFailure } from './redis-failure.ts'
import type { StoreState } from './store-state.ts'
import { unavailable } from './unavailable.ts'

/** Sends one command; never after the caller was told that there is no answer. */
export type Send = (args: readonly string[]) => Promise<unknown>

/**
 * Runs one operation of the store under its deadline. Every failure is `store_unavailable`, and means "not known": the
 * server may have done what it was asked, now or a moment later.
 */
export type Call = <Answer>(operation: string, run: (send: Send) => Promise<Answer>) => Promise<Answer>

export function createCall(
  connection: Pick<RedisConnection, 'client' | 'next' | 'lostFor' | 'renew'>,
  deadlineMilliseconds: number,
  state: Pick<StoreState, 'answered' | 'refused'>,
): Call {
  return function call(operation, run) {
    // A short break is waited out within the deadline; in a long one nobody is kept waiting for nothing.
    if (connection.lostFor() > deadlineMilliseconds) return Promise.reject(unavailable(`${operation}: not connected`))

    return new Promise((resolve, reject) => {
      let over = false
      const stopDeadline = startDeadline(deadlineMilliseconds, () => {
        over = true
        reject(unavailable(`${operation}: no answer within ${deadlineMilliseconds} ms`))
      })

      async function send(args: readonly string[]): Promise<unknown> {
        const client = connection.client() ?? (await connection.next())
        // Sent now, it would be a write that its caller believes lost.
        if (over) throw unavailable(`${operation}: too late`)
        return client.send(args)
      }

      function answer(given: Parameters<typeof resolve>[0]): void {
        resolve(given)
        if (over) state.refused(operation, 'LATE')
        else state.answered(operation, given)
      }

      function fail(failure: unknown): void {
        const name = nameFailure(failure)
        // An answer that cannot be read is one; that none came is told by the connection.
        if (isRefusal(failure) || failure instanceof TypeError) state.refused(operation, name)
        if (name === 'READONLY') connection.renew(failure)
        reject(unavailable(`${operation}: ${name}`, failure))
      }

      void run(send).then(answer, fail).finally(stopDeadline)
    })
  }
}
