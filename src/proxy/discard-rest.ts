import type { IncomingMessage } from 'node:http'

const MOST_OCTETS = 256 * 1024
const MOST_MILLISECONDS = 5000

/**
 * Reads and forgets what is left of a body whose request has been answered, so that its octets are never taken for the next request
 * (RFC 9112 §9.3). A body that goes on for too long costs its sender the connection.
 */
export function discardRest(request: IncomingMessage): void {
  const { socket } = request
  if (request.readableEnded || socket.destroyed || !hasBody(request)) return
  let left = MOST_OCTETS
  const deadline = setTimeout(cut, MOST_MILLISECONDS)

  function cut(): void {
    socket.destroy()
  }
  function finish(): void {
    clearTimeout(deadline)
    socket.off('close', finish)
  }

  request.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) cut()
  })
  request.once('end', finish).resume()
  // Not the request's own `close`: Node forgets a request once it is answered.
  socket.once('close', finish)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
