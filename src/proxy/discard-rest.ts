import type { IncomingMessage } from 'node:http'

/** What is read of a body that nobody wants, before its sender is no longer waited for. */
export const MOST_DISCARDED_OCTETS = 256 * 1024
export const MOST_DISCARDING_MILLISECONDS = 5000

/**
 * Reads and forgets what is left of a body whose request has been answered, so that its octets are never taken for the next request
 * (RFC 9112 §9.3). Of a body that goes on for too long no more is taken, and after a while its sender loses the connection.
 *
 * Where the connection ends with the answer, its sender has the same time to read that (RFC 9112 §9.6): closed at once, what is still
 * on its way would be met by a reset, which takes the answer with it.
 */
export function discardRest(request: IncomingMessage): void {
  const { socket } = request
  if (request.readableEnded || socket.destroyed || !hasBody(request)) return
  let left = MOST_DISCARDED_OCTETS
  let isLast = false
  const deadline = setTimeout(() => socket.destroy(), MOST_DISCARDING_MILLISECONDS)

  function finish(): void {
    clearTimeout(deadline)
    socket.off('close', finish)
    Reflect.deleteProperty(socket, 'destroySoon')
    if (isLast) socket.destroySoon()
  }

  // Node calls it when the last answer of a connection is out.
  socket.destroySoon = () => {
    isLast = true
    socket.end()
  }
  request.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) request.pause()
  })
  request.once('end', finish).resume()
  // Not the request's own `close`: Node forgets a request once it is answered.
  socket.once('close', finish)
}

/** Whether more may still come of a body than is read of one that nobody wants, so that nothing else will be answered on its connection. */
export function isLongerThanDiscarded({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > MOST_DISCARDED_OCTETS
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
