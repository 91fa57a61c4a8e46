import { connect, type Socket } from 'node:net'

/** What came of one request. */
export type Came = 'good' | 'refused' | 'broken'

/** A connection that carries one request at a time and is made anew when it breaks. */
export interface Connection {
  /** Sends a whole request; `came` is called once with what comes of it. */
  readonly send: (request: Buffer) => void
  readonly close: () => void
}

interface Steps {
  readonly host: string
  readonly port: number
  readonly came: (what: Came, connection: Connection) => void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_AT = 'HTTP/1.1 '.length
const PIECE_BYTES = 65_536

/** Reads answers into one buffer that it keeps; only an answer whose head comes in pieces costs more than that. */
export function keepConnection({ host, port, came }: Steps): Connection {
  const into = Buffer.alloc(PIECE_BYTES)
  let head: Buffer | undefined
  let isGood = false
  /** Bytes of the body that are still to come; undefined while the head is read. */
  let left: number | undefined
  let isAsked = false
  let isClosed = false
  let socket = open()

  const connection: Connection = {
    send(request) {
      isAsked = true
      if (socket.destroyed) socket = open()
      socket.write(request)
    },
    close() {
      isClosed = true
      socket.destroy()
    },
  }

  function open(): Socket {
    const opened = connect({ host, port, noDelay: true, onread: { buffer: into, callback: read } })
    opened.on('error', () => undefined)
    opened.on('close', () => {
      if (opened === socket) end('broken')
    })
    return opened
  }

  function end(what: Came): void {
    head = undefined
    left = undefined
    if (!isAsked || isClosed) return
    isAsked = false
    came(what, connection)
  }

  function read(bytes: number): boolean {
    if (left !== undefined) return readBody(bytes)
    const piece = into.subarray(0, bytes)
    const text = head === undefined ? piece : Buffer.concat([head, piece])
    const headEnd = text.indexOf(HEAD_END)
    if (headEnd < 0) {
      head = Buffer.from(text)
      return true
    }
    const length = contentLength(text, headEnd)
    if (length === undefined) return breakOff()
    // The first digit of the status.
    isGood = text[STATUS_AT] === 0x32
    left = length
    return readBody(text.length - headEnd - HEAD_END.length)
  }

  function readBody(bytes: number): boolean {
    left = (left ?? 0) - bytes
    if (left < 0) return breakOff()
    if (left === 0) end(isGood ? 'good' : 'refused')
    return true
  }

  /** What cannot be told from the next answer must not be taken for one. */
  function breakOff(): boolean {
    socket.destroy()
    return false
  }

  return connection
}

/** The length that an answer says of its body; undefined where it says none, which no answer that is measured does. */
export function contentLength(text: Buffer, headEnd: number): number | undefined {
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(text.toString('latin1', 0, headEnd)) ?? []
  return length === undefined ? undefined : Number(length)
}
