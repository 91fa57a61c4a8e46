import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { endWith } from './end-with.ts'

/** A connection that Node's HTTP has let go of, with a handshake as its last request. */
export interface TakenConnection {
  readonly socket: Socket
  /** For an answer in HTTP; it is the connection's last. */
  readonly response: ServerResponse
  /** Stops reading. What has come since the handshake is read again by whoever reads next. */
  readonly release: () => Socket
}

// A client has nothing to say before it is answered (RFC 6455 §4.1); more than this is not read.
const MOST_EARLY_OCTETS = 16 * 1024

/**
 * Takes a connection over. It is read on, so that a client that leaves is noticed; what it sends is kept and never taken for a request.
 * Once an answer is out the connection ends, and its client has a while to read that (RFC 9112 §9.6).
 */
export function takeConnection(request: IncomingMessage, head: Buffer): TakenConnection {
  const { socket } = request
  const response = new ServerResponse(request)
  let early: Buffer[] = [head]
  let octets = head.length

  function keep(piece: Buffer): void {
    early.push(piece)
    octets += piece.length
    if (octets > MOST_EARLY_OCTETS) socket.pause()
  }
  function destroy(): void {
    socket.destroy()
  }

  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => {
    socket.off('data', keep)
    early = []
    endWith(socket)
  })
  socket.on('error', destroy).on('end', destroy).on('data', keep)

  return {
    socket,
    response,
    release() {
      socket.off('data', keep).off('end', destroy).pause()
      for (const piece of early.toReversed()) if (piece.length > 0) socket.unshift(piece)
      early = []
      return socket
    },
  }
}
