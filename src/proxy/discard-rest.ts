import type { IncomingMessage } from 'node:http'

const MOST_OCTETS = 256 * 1024
const MOST_MILLISECONDS = 5000

/**
 * Reads and forgets what is left of a body whose request has been answered, so that its octets are never taken for the next request
 * (RFC 9112 §9.3). A body that goes on for too long costs its sender the connection.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed || !hasBody(request)) return
  let left = MOST_OCTETS
  const deadline = setTimeout(cut, MOST_MILLISECONDS)

  function cut(): void {
    if (!request.complete) request.socket.destroy()
  }

  request.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) cut()
  })
  request.once('close', () => clearTimeout(deadline))
  request.once('end', () => clearTimeout(deadline))
  request.resume()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
