import { randomBytes } from 'node:crypto'
import { openRaw, type RawConnection } from './raw-client.ts'
import { closeOf, type Frame, frame, OPCODES, readFrames } from './web-socket-frames.ts'

/** A handshake as browsers send it; a header that is `undefined` is left out. */
export interface Handshake {
  readonly path: string
  readonly host?: string
  readonly origin?: string | undefined
  readonly key?: string | undefined
  readonly version?: string | undefined
  readonly cookie?: string | undefined
  /** More lines. */
  readonly lines?: readonly string[]
}

export const KEY = randomBytes(16).toString('base64')

/** The bytes of a handshake. */
export function handshake({ path, host = 'app.example', lines = [], ...given }: Handshake): string {
  const { origin, key, version, cookie } = { origin: 'https://app.example', key: KEY, version: '13', ...given }
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ...(key === undefined ? [] : [`Sec-WebSocket-Key: ${key}`]),
    ...(version === undefined ? [] : [`Sec-WebSocket-Version: ${version}`]),
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
    ...lines,
    '\r\n',
  ].join('\r\n')
}

/** An open WebSocket, frame by frame. */
export interface WebSocketClient {
  readonly raw: RawConnection
  /** The 101, headers and all. */
  readonly answer: string
  send(content: string | Uint8Array, opcode?: number): void
  /** All whole frames that have come. */
  frames(): readonly Frame[]
  /** Resolves with the frames once there are `count`. */
  received(count: number): Promise<readonly Frame[]>
  /** Resolves with what the last frame, a Close, says, once the other side has closed; undefined where it was none. */
  ended(): Promise<{ readonly code: number; readonly reason: string } | undefined>
}

/** Opens a WebSocket; rejects where the answer is no 101. */
export async function openWebSocket(port: number, given: Handshake): Promise<WebSocketClient> {
  const raw = await openRaw(port)
  raw.write(handshake(given))
  const begun = await raw.until('\r\n\r\n')
  if (!begun.startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket, but: ${begun}`)
  const headLength = begun.indexOf('\r\n\r\n') + 4

  function frames(): readonly Frame[] {
    return readFrames(Buffer.from(raw.received().slice(headLength), 'latin1')).frames
  }
  return {
    raw,
    answer: begun.slice(0, headLength),
    send: (content, opcode = OPCODES.text) => raw.write(frame(content, { opcode, isMasked: true }).toString('latin1')),
    frames,
    async received(count) {
      await raw.when(() => frames().length >= count, `${count} frames`)
      return frames()
    },
    async ended() {
      await raw.closed()
      const last = frames().at(-1)
      return last?.opcode === OPCODES.close ? closeOf(last) : undefined
    },
  }
}
