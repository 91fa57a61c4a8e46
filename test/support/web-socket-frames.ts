import { createHash, randomBytes } from 'node:crypto'

/** One frame of a WebSocket (RFC 6455 §5.2), its payload unmasked. */
export interface Frame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isMasked: boolean
  readonly payload: Buffer
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

interface FrameChoices {
  readonly opcode?: number
  readonly isFinal?: boolean
  readonly isMasked?: boolean
}

/** A frame as bytes: a server's text unless something else is chosen. */
export function frame(content: string | Uint8Array, choices: FrameChoices = {}): Buffer {
  const { opcode = OPCODES.text, isFinal = true, isMasked = false } = choices
  const payload = Buffer.from(content)
  const first = (isFinal ? 0x80 : 0) | opcode
  const masked = isMasked ? 0x80 : 0
  const length = Buffer.alloc(payload.length > 0xffff ? 8 : payload.length > 125 ? 2 : 0)
  if (length.length === 8) length.writeBigUInt64BE(BigInt(payload.length))
  else if (length.length === 2) length.writeUInt16BE(payload.length)
  const short = length.length === 8 ? 127 : length.length === 2 ? 126 : payload.length
  const mask = isMasked ? randomBytes(4) : Buffer.alloc(0)
  return Buffer.concat([Buffer.of(first, masked | short), length, mask, isMasked ? unmask(payload, mask) : payload])
}

/** A Close frame. */
export function closeFrameOf(code: number, reason = '', isMasked = false): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return frame(payload, { opcode: OPCODES.close, isMasked })
}

/** The frames that bytes begin with, whole ones only, and what is left. */
export function readFrames(bytes: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = []
  let rest = bytes
  for (let next = readFrame(rest); next !== undefined; next = readFrame(rest)) {
    frames.push(next.frame)
    rest = next.rest
  }
  return { frames, rest }
}

/** What a Close frame says. */
export function closeOf({ payload }: Frame): { readonly code: number; readonly reason: string } {
  return { code: payload.length < 2 ? 1005 : payload.readUInt16BE(), reason: payload.subarray(2).toString() }
}

/** The `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function readFrame(bytes: Buffer): { readonly frame: Frame; readonly rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined
  const [first = 0, second = 0] = bytes
  const isMasked = (second & 0x80) !== 0
  const short = second & 0x7f
  const lengthOctets = short === 127 ? 8 : short === 126 ? 2 : 0
  const start = 2 + lengthOctets + (isMasked ? 4 : 0)
  if (bytes.length < start) return undefined
  const length = lengthOctets === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthOctets === 2 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + length) return undefined
  const payload = bytes.subarray(start, start + length)
  return {
    frame: {
      opcode: first & 0x0f,
      isFinal: (first & 0x80) !== 0,
      isMasked,
      payload: isMasked ? unmask(payload, bytes.subarray(start - 4, start)) : payload,
    },
    rest: bytes.subarray(start + length),
  }
}

function unmask(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((octet, at) => octet ^ (mask[at % 4] ?? 0)))
}
