import { speakTls } from './ask.ts'

/** A header field as it will stand in the frame, whatever is in it. */
export type Field = readonly [name: string, value: string]

const [HEADERS, SETTINGS, GOAWAY] = [0x1, 0x4, 0x7]
const END_OF_STREAM_AND_HEADERS = 0x5

/**
 * Sends one request without a body in frames made here, since no HTTP/2 client would send such fields. Resolves once it is
 * answered or refused, one stream or the whole connection.
 */
export async function sendHttp2(port: number, host: string, ca: string, fields: readonly Field[]): Promise<void> {
  const socket = speakTls(port, host, ca, { protocols: ['h2'] })
  const block = Buffer.concat(fields.map(literal))
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0, 0, Buffer.alloc(0))]))
  socket.write(frame(HEADERS, END_OF_STREAM_AND_HEADERS, 1, block))
  let read = Buffer.alloc(0)
  await new Promise<void>((resolve) => {
    socket.on('error', () => {}).on('close', resolve)
    socket.on('data', (piece: Buffer) => {
      read = Buffer.concat([read, piece])
      if (isOver(read)) resolve()
    })
  })
  socket.destroy()
}

/** RFC 9113 §4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** RFC 7541 §6.2.2: without indexing, a new name, no Huffman coding. */
function literal([name, value]: Field): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)])
}

function text(characters: string): Buffer {
  const octets = Buffer.from(characters, 'latin1')
  if (octets.length > 126) throw new Error('longer than one octet can say')
  return Buffer.concat([Buffer.from([octets.length]), octets])
}

/** The stream has ended, was reset (0x3), or the connection goes away. */
function isOver(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const [type, flags, stream] = [bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), bytes.readUInt32BE(at + 5)]
    if (type === GOAWAY || (stream === 1 && (type === 0x3 || ((type === HEADERS || type === 0x0) && (flags & 0x1) !== 0))))
      return true
  }
  return false
}
