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

/** Sends a form as a provider would: no cookie, nothing of a browser. */
export function sendLogout(
  origin: string,
  token: string,
  { at = origin, headers = {} }: { readonly at?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  return fetch(`${at.replace('localhost', '127.0.0.1')}/bff/backchannel-logout`, {
    method: 'POST',
    headers: { ...headers },
    body: new URLSearchParams({ logout_token: token }),
  })
}
