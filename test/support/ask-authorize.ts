import { request, type IncomingHttpHeaders } from 'node:http'

export interface AskedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The stable code of a problem document. */
  readonly code: string | undefined
}

/** A request that somebody would like to have carried. */
export interface Wanted {
  readonly method?: string
  readonly target: string
  /** As they would arrive, `Host` apart. */
  readonly headers?: Readonly<Record<string, string | string[]>>
}

/** Sends one request to a listener of this machine, the target exactly as it is written. */
export function send(
  url: string,
  { method = 'GET', target, headers = {} }: Wanted,
  host = new URL(url).host,
): Promise<AskedAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const at = { host: hostname === 'localhost' ? '127.0.0.1' : hostname, port, agent: false }
    const sent = request({ ...at, method, path: target, headers: { Host: host, ...headers } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, code: codeOf(text) }))
      answer.on('error', reject)
    })
    sent.on('error', reject).end()
  })
}

/** Asks as nginx and Traefik do: the original in named headers. */
export function askByHeaders(
  privateUrl: string,
  origin: string,
  { method = 'GET', target, headers = {} }: Wanted,
): Promise<AskedAnswer> {
  const { protocol, host } = new URL(origin)
  const named = {
    'X-Forwarded-Method': method,
    'X-Forwarded-Proto': protocol.slice(0, -1),
    'X-Forwarded-Host': host,
    'X-Forwarded-Uri': target,
  }
  return send(privateUrl, { target: '/authorize', headers: { ...named, ...headers } })
}

/** Asks as Envoy does: by the original's own method and host, its target behind a prefix. */
export function askByPath(privateUrl: string, origin: string, wanted: Wanted): Promise<AskedAnswer> {
  return send(privateUrl, { ...wanted, target: `/authorize${wanted.target}` }, new URL(origin).host)
}

function codeOf(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined
  const { code }: { readonly code?: string } = JSON.parse(text)
  return code
}
