import { connect } from 'node:net'
import { listenTcp } from './listen-tcp.ts'

/** Commands that change records, as the gateway sends them. */
const WRITES: ReadonlySet<string> = new Set(['SET', 'EVALSHA', 'EVAL', 'GETDEL', 'DEL'])
/** Refused by any server, and harmless. */
const REFUSED = encode(['SET', 'only-a-key'])

/** Whether a command changes records. */
export function isWrite(command: string): boolean {
  return WRITES.has(command)
}

/** What happens to a command on its way: the server refuses it, or does it and the connection breaks before the answer. */
export type Fault = 'refused' | 'unanswered'

/** A line to a Redis on which commands fail now and then. */
export interface FaultyLine {
  readonly port: number
  /** Asked for every command, by its name in capital letters; what it answers happens. */
  fault: ((command: string) => Fault | undefined) | undefined
  readonly faults: () => number
  /** Breaks every connection, and all that come, until it is mended. */
  readonly cutOff: () => void
  readonly mend: () => void
  readonly stop: () => Promise<void>
}

export async function startFaultyLine(target: number): Promise<FaultyLine> {
  let faults = 0
  let isCutOff = false
  const { port, breakOff, stop } = await listenTcp((client) => {
    if (isCutOff) {
      client.destroy()
      return
    }
    const redis = connect(target, '127.0.0.1').setNoDelay(true)
    redis.on('error', () => undefined)
    const cut = () => [client, redis].forEach((socket) => socket.destroy())
    client.on('close', cut)
    redis.on('close', cut)
    redis.pipe(client, { end: false })
    let rest: Buffer = Buffer.alloc(0)
    client.on('data', (piece: Buffer) => {
      rest = Buffer.concat([rest, piece])
      for (let command = readCommand(rest); command; command = readCommand(rest)) {
        const bytes = rest.subarray(0, command.length)
        rest = rest.subarray(command.length)
        const fault = line.fault?.(command.name)
        if (fault !== undefined) faults += 1
        if (fault === 'unanswered') redis.unpipe(client)
        redis.write(fault === 'refused' ? REFUSED : bytes)
        if (fault === 'unanswered') redis.once('data', cut).resume()
      }
    })
  })

  const line: FaultyLine = {
    port,
    fault: undefined,
    faults: () => faults,
    cutOff() {
      isCutOff = true
      breakOff()
    },
    mend: () => void (isCutOff = false),
    stop,
  }
  return line
}

/** The first command of what a client sent (RESP: an array of bulk strings): its name and how many bytes it takes; undefined where it is not whole. */
function readCommand(bytes: Buffer): { readonly name: string; readonly length: number } | undefined {
  const [count, afterCount] = readCount(bytes, 0)
  if (count === undefined) return undefined
  let at = afterCount
  let name = ''
  for (let word = 0; word < count; word += 1) {
    const [size, start] = readCount(bytes, at)
    if (size === undefined || bytes.length < start + size + 2) return undefined
    if (word === 0) name = bytes.toString('latin1', start, start + size).toUpperCase()
    at = start + size + 2
  }
  return { name, length: at }
}

/** The number of a line such as `*3` or `$5`, and where the next one begins. */
function readCount(bytes: Buffer, at: number): [count: number | undefined, next: number] {
  const end = bytes.indexOf('\r\n', at)
  return end < 0 ? [undefined, at] : [Number(bytes.toString('latin1', at + 1, end)), end + 2]
}

function encode(words: readonly string[]): string {
  return [`*${words.length}`, ...words.flatMap((word) => [`$${word.length}`, word]), ''].join('\r\n')
}
