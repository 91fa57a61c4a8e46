import { type IncomingHttpHeaders, request as requestPlainly } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Name, value, name, value…, so that a header that comes twice is seen twice. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export interface Question {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

// More than anybody here answers with: it is others whose bounds are looked at.
const MOST_HEADER_BYTES = 64 * 1024

/** Sends one request by HTTP/1.1 to 127.0.0.1, whatever host `url` names, with the target exactly as written. */
export async function ask(url: string, ca: string, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
  const [, scheme = '', host = '', port = '', target = '/'] = /^(https?):\/\/([^/:]+):(\d+)(.*)$/.exec(url) ?? []
  const request = scheme === 'https' ? requestSecurely : requestPlainly
  const options = {
    host: '127.0.0.1',
    port,
    servername: host,
    ca,
    method,
    path: target,
    agent: false,
    maxHeaderSize: MOST_HEADER_BYTES,
  }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { Host: `${host}:${port}`, ...headers } }, (answer) => {
      const { statusCode = 0, rawHeaders } = answer
      buffer(answer).then(
        (read) => resolve({ status: statusCode, headers: answer.headers, rawHeaders, body: read.toString() }),
        reject,
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

interface TlsOptions {
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2'
  readonly protocols?: readonly string[]
}

/** A connection over which a test speaks bytes. */
export function speakTls(
  port: number,
  servername: string,
  ca: string,
  { maxVersion, protocols = [] }: TlsOptions = {},
): TLSSocket {
  const version = maxVersion === undefined ? {} : { maxVersion }
  // This side must be willing, or it would be the one that refuses.
  const old = maxVersion === 'TLSv1.1' ? ({ minVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const) : {}
  return connect({ host: '127.0.0.1', port, servername, ca, ALPNProtocols: [...protocols], ...version, ...old })
}

/** Every value of a header, in order. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase())
}
