import { startDeadline } from './deadline.ts'
import type { RedisConnection } from './redis-connection.ts'
import { nameFailure } from './redis-failure.ts'
import { unavailable } from './unavailable.ts'

/** Sends one command; never after the caller was told that there is no answer. */
export type Send = (args: readonly string[]) => Promise<unknown>

/**
 * Runs one operation of the store under its deadline. Every failure is `store_unavailable`, and means "not known": the
 * server may have done what it was asked, now or a moment later.
 */
export type Call = <Answer>(operation: string, run: (send: Send) => Promise<Answer>) => Promise<Answer>

export function createCall(connection: RedisConnection, deadlineMilliseconds: number): Call {
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

      function fail(failure: unknown): void {
        const name = nameFailure(failure)
        if (name === 'READONLY') connection.renew(failure)
        reject(unavailable(`${operation}: ${name}`, failure))
      }

      void run(send).then(resolve, fail).finally(stopDeadline)
    })
  }
}
