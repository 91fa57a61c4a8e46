import { connect as connectPlainly } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { statusesIn, valuesIn } from './raw-answers.ts'

/** Where a gateway, or what stands in front of it, is spoken to. */
export interface Address {
  readonly origin: string
  /** The machine and port that are really asked. */
  readonly at: { readonly host: string; readonly port: number }
  /** A certificate to trust, for https. */
  readonly certificate: string | undefined
}

/** An answer as it came in bytes; latin1. */
export interface WireAnswer {
  /** 0: there was none. */
  readonly status: number
  readonly text: string
  readonly body: string
  readonly values: (name: string) => readonly string[]
}

/** Speaks bytes over a connection of their own, TLS where the origin says so, until the other side closes: say `Connection: close`. */
export function speak({ origin, at, certificate }: Address, bytes: string): Promise<WireAnswer> {
  const { protocol, hostname } = new URL(origin)
  const tls = { servername: hostname, ...(certificate === undefined ? {} : { ca: certificate }) }
  const socket = protocol === 'https:' ? connectSecurely({ ...at, ...tls }) : connectPlainly(at)
  let text = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
  socket.write(bytes, 'latin1')
  // A reset is an end like any other here: what came before it is looked at.
  return new Promise((resolve) => socket.on('error', () => {}).on('close', () => resolve(answerIn(text))))
}

function answerIn(said: string): WireAnswer {
  // What only says that the body may come is no answer yet.
  const text = said.replace(/^(?:HTTP\/1\.1 100 [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, '')
  const end = text.indexOf('\r\n\r\n')
  return {
    status: statusesIn(text.slice(0, end))[0] ?? 0,
    text,
    body: end === -1 ? '' : text.slice(end + 4),
    values: (name) => valuesIn(text, name),
  }
}

/** The bytes of a request; `Host`, a length and `Connection: close` come by themselves where `lines` have none. */
export function requestBytes(host: string, method: string, target: string, lines: readonly string[] = [], body = ''): string {
  const has = (name: string): boolean => lines.some((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  const ours = [
    ...(has('Host') ? [] : [`Host: ${host}`]),
    ...(has('Connection') ? [] : ['Connection: close']),
    ...(body === '' || has('Content-Length') || has('Transfer-Encoding') ? [] : [`Content-Length: ${body.length}`]),
  ]
  return [`${method} ${target} HTTP/1.1`, ...ours, ...lines, '', body].join('\r\n')
}
