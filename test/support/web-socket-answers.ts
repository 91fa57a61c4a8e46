import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { acceptOf, closeFrameOf, frame, OPCODES, readFrames } from './web-socket-frames.ts'

/** Answers a handshake on the bare connection; `head` is what came with it. */
export type UpgradeAnswer = (request: IncomingMessage, socket: Socket, head: Buffer) => void

/** The right 101 to a handshake, with more header lines where given. */
export function switched({ headers }: IncomingMessage, ...lines: readonly string[]): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(String(headers['sec-websocket-key']))}`,
    ...lines,
    '\r\n',
  ].join('\r\n')
}

/** Accepts, with the first of the offered protocols, and says every message again. */
export const echoMessages: UpgradeAnswer = (request, socket, head) => {
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim()
  socket.write(switched(request, ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`])))
  let bytes = Buffer.from(head)
  socket.on('data', (piece: Buffer) => {
    const read = readFrames(Buffer.concat([bytes, piece]))
    bytes = Buffer.from(read.rest)
    for (const { opcode, isFinal, payload } of read.frames) {
      if (opcode === OPCODES.close) socket.end(closeFrameOf(payload.length < 2 ? 1000 : payload.readUInt16BE()))
      else if (opcode === OPCODES.ping) socket.write(frame(payload, { opcode: OPCODES.pong }))
      else if (opcode !== OPCODES.pong) socket.write(frame(payload, { opcode, isFinal }))
    }
  })
}

/** Exactly these bytes, and nothing more. */
export function bytesOnUpgrade(bytes: string, then: 'stay' | 'end' | 'reset' = 'stay'): UpgradeAnswer {
  return (_request, socket) => {
    socket.write(bytes, 'latin1', () => {
      if (then === 'end') socket.end()
      else if (then === 'reset') socket.resetAndDestroy()
    })
  }
}
