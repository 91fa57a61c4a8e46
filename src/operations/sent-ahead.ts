import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { FAILURES } from '../errors.ts'
import type { Report } from '../report/events.ts'

/** Far more than any client ever sent that did not wait for its answers. */
const MOST_AHEAD = 32

/** Whether a request came so far ahead of the answers on its connection that the connection was broken off. */
export type CutIfTooFarAhead = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Bounds the requests that a client sends while an answer of before is still to come (RFC 9112 §9.3.2).
 *
 * Node reads on for as long as nothing is written: behind one slow answer a single connection could have a hundred thousand requests
 * under way, each with a call upstream and three kilobytes of memory. The connection is cut, not refused: whatever is
 * answered would have to wait for the slow one, and Node would read on meanwhile.
 */
export function createCutIfTooFarAhead(report: Report): CutIfTooFarAhead {
  const waiting = new WeakMap<Duplex, number>()

  function leave(socket: Duplex): void {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
  }

  return function cutIfTooFarAhead({ socket }, response) {
    // Its turn has come: on nearly every call that is all.
    if (response.socket !== null) return false
    if (socket.destroyed) return true
    const ahead = (waiting.get(socket) ?? 0) + 1
    waiting.set(socket, ahead)
    response.once('close', () => leave(socket))
    if (ahead <= MOST_AHEAD) return false
    socket.destroy()
    const code = 'too_many_requests'
    report('request_refused', { code, blame: FAILURES[code].blame, requestId: randomUUID(), note: 'sent ahead of their answers' })
    return true
  }
}
