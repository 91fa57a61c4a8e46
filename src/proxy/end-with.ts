import type { Duplex } from 'node:stream'
import { MOST_DISCARDED_OCTETS, MOST_DISCARDING_MILLISECONDS } from './discard-rest.ts'

/**
 * Ends a connection with its last answer, which may be on its way already, and gives a client that is still sending the time to read that
 * (RFC 9112 §9.6): closed at once, what is still on its way would be met by a reset, which takes the answer with it; a proxy in between
 * would make a 502 of it.
 *
 * What comes is forgotten. Of a client that goes on for too long no more is taken, and after a while it loses the connection.
 */
export function endWith(socket: Duplex, answer?: string): void {
  const deadline = setTimeout(() => socket.destroy(), MOST_DISCARDING_MILLISECONDS)
  let left = MOST_DISCARDED_OCTETS
  socket.once('close', () => clearTimeout(deadline))
  socket.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) socket.pause()
  })
  socket.end(answer)
  socket.resume()
}
