/** A request as it stands in the bytes of a connection; all text is latin1. */
export interface RawMessage {
  readonly method: string
  readonly target: string
  readonly version: string
  /** The bytes up to the body. */
  readonly head: string
  /** Header lines as they came: order, case and number kept. */
  readonly lines: readonly (readonly [name: string, value: string])[]
  /** The body, taken out of its chunks. */
  readonly body: string
  /** The bytes after the last chunk's size line, without the final empty line. */
  readonly trailers: string
  /** Values of a header, in order. */
  readonly values: (name: string) => string[]
}

/** The requests in the bytes of a connection. */
export interface RawMessages {
  readonly whole: readonly RawMessage[]
  /** The one whose headers are there and whose body is not yet. */
  readonly begun: RawMessage | undefined
  /** The bytes behind the last whole one. */
  readonly rest: string
}

/**
 * Reads requests as the strictest server would (RFC 9112): every line ends in CRLF, a request has a length or chunks, never both.
 *
 * @throws Error for bytes that no gateway may ever send.
 */
export function readMessages(bytes: string): RawMessages {
  const whole: RawMessage[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return { whole, begun: undefined, rest }
    const begun = readHead(rest.slice(0, end + 4))
    const read = readBody(begun, rest.slice(end + 4))
    if (read === undefined) return { whole, begun, rest }
    whole.push({ ...begun, body: read.body, trailers: read.trailers })
    rest = read.rest
  }
}

function readHead(head: string): RawMessage {
  const [first = '', ...fields] = head.slice(0, -4).split('\r\n')
  const [, method = '', target = '', version = ''] =
    /^([!#$%&'*+\-.^_`|~\w]+) ([!-~\x80-\xff]+) HTTP\/(\d\.\d)$/.exec(first) ?? refuse('a request line', first)
  const lines = fields.map((field) => {
    const [, name = '', value = ''] =
      /^([!#$%&'*+\-.^_`|~\w]+): ?([^\x00-\x08\x0a-\x1f\x7f]*)$/.exec(field) ?? refuse('a field', field)
    return [name, value] as const
  })
  const values = (name: string): string[] =>
    lines.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return { method, target, version, head, lines, body: '', trailers: '', values }
}

interface ReadBody {
  readonly body: string
  readonly trailers: string
  readonly rest: string
}

/** Undefined: there is more to come. */
function readBody({ values, head }: RawMessage, bytes: string): ReadBody | undefined {
  const [coding, lengths] = [values('transfer-encoding'), values('content-length')]
  if (coding.length + lengths.length > 1) refuse('one framing', head)
  if (coding.length > 0) return coding[0] === 'chunked' ? readChunks(bytes) : refuse('chunks', head)
  const [length = '0'] = lengths
  if (!/^\d+$/.test(length)) refuse('a length', head)
  if (bytes.length < Number(length)) return undefined
  return { body: bytes.slice(0, Number(length)), trailers: '', rest: bytes.slice(Number(length)) }
}

function readChunks(bytes: string): ReadBody | undefined {
  let body = ''
  let rest = bytes
  for (;;) {
    const lineEnd = rest.indexOf('\r\n')
    if (lineEnd === -1) return undefined
    const line = rest.slice(0, lineEnd)
    if (!/^[0-9a-f]{1,8}$/i.test(line)) refuse('a chunk size', line)
    const size = Number.parseInt(line, 16)
    rest = rest.slice(lineEnd + 2)
    if (size === 0) return readTrailers(body, rest)
    if (rest.length < size + 2) return undefined
    if (rest.slice(size, size + 2) !== '\r\n') refuse('the end of a chunk', rest)
    body += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}

function readTrailers(body: string, rest: string): ReadBody | undefined {
  if (rest.startsWith('\r\n')) return { body, trailers: '', rest: rest.slice(2) }
  const end = rest.indexOf('\r\n\r\n')
  return end === -1 ? undefined : { body, trailers: rest.slice(0, end), rest: rest.slice(end + 4) }
}

function refuse(wanted: string, bytes: string): never {
  throw new Error(`the upstream got no ${wanted}: ${JSON.stringify(bytes)}`)
}
