import { request, type IncomingHttpHeaders } from 'node:http'
import type { ScriptedProvider } from './scripted-provider.ts'

type Json = Readonly<Record<string, unknown>>

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** The claims of an honest logout token about alice; members that are undefined are left out. */
export function logoutClaims({ issuer, clientId }: Pick<ScriptedProvider, 'issuer' | 'clientId'>, changes: Json = {}): Json {
  const at = Math.floor(Date.now() / 1000)
  return {
    iss: issuer,
    aud: clientId,
    iat: at,
    exp: at + 120,
    jti: crypto.randomUUID(),
    sub: 'alice',
    events: { [LOGOUT_EVENT]: {} },
    ...changes,
  }
}

/** The header of an honest one. */
export function logoutHeader({ signer }: Pick<ScriptedProvider, 'signer'>, changes: Json = {}): Json {
  return { alg: signer.algorithm, kid: signer.kid, typ: 'logout+jwt', ...changes }
}

/** A logout token, signed by the provider, with whatever is to be different. */
export function logoutToken(provider: ScriptedProvider, claims: Json = {}, header: Json = {}): Promise<string> {
  return provider.signer.sign(logoutClaims(provider, claims), logoutHeader(provider, header))
}

/** What came back. */
export interface PostedForm {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Posting {
  /** The port that is really asked; the base URL's by default. */
  readonly port?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Posts a logout token as a provider would: no cookie, and nothing of a browser. */
export function sendLogout(origin: string, token: string, posting: Posting = {}): Promise<PostedForm> {
  return post(origin, new URLSearchParams({ logout_token: token }).toString(), posting)
}

/** Posts any text as a form to the back channel. */
export function post(origin: string, body: string, { port, headers = {} }: Posting = {}): Promise<PostedForm> {
  const { host, port: ownPort } = new URL(origin)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: port ?? ownPort,
        method: 'POST',
        path: '/bff/backchannel-logout',
        agent: false,
        headers: { Host: host, 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
      },
    )
    outgoing.on('error', reject).end(body)
  })
}
