import { setImmediate as nextTurn } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'
import type { Send } from './redis-call.ts'
import { isRefusal } from './redis-failure.ts'

/**
 * Sends a command that changes nothing; where its connection broke, once more on the next one, within the same deadline. So nobody
 * notices a connection that merely broke: only what is written must never be sent twice.
 */
export async function sendAgain(send: Send, args: readonly string[]): Promise<unknown> {
  try {
    return await send(args)
  } catch (failure) {
    if (isRefusal(failure) || failure instanceof GatewayError) throw failure
    // What waited on the connection is told before the connection is given up.
    await nextTurn()
    return send(args)
  }
}
