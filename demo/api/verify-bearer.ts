/** What the provider says of a token that is good. */
export interface Caller {
  readonly sub: string
  readonly name: string
  readonly role: string
  readonly scope: string
}

export type Verdict =
  | { readonly kind: 'good'; readonly caller: Caller }
  | { readonly kind: 'missing' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'unknown' }

interface Steps {
  readonly issuer: string
  readonly apiId: string
  readonly apiSecret: string
}

/**
 * Asks the provider what a bearer token is worth (RFC 7662), with the API's own credentials. Nothing is remembered, so a
 * revoked token is refused at once; `unknown` where the provider cannot be asked.
 */
export function createVerifyBearer({ issuer, apiId, apiSecret }: Steps) {
  let endpoint: string | undefined

  async function introspectionEndpoint(): Promise<string> {
    if (endpoint !== undefined) return endpoint
    const metadata = await askJson(`${issuer}/.well-known/openid-configuration`)
    endpoint = String(metadata['introspection_endpoint'])
    return endpoint
  }

  return async function verifyBearer(authorization: string | undefined): Promise<Verdict> {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return { kind: 'missing' }
    try {
      const answer = await askJson(await introspectionEndpoint(), {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from(`${apiId}:${apiSecret}`).toString('base64')}` },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
      })
      return answer['active'] === true ? { kind: 'good', caller: callerFrom(answer) } : { kind: 'invalid' }
    } catch {
      return { kind: 'unknown' }
    }
  }
}

async function askJson(url: string, options: RequestInit = {}): Promise<Record<string, unknown>> {
  const response = await fetch(url, { ...options, redirect: 'error', signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const answer: unknown = await response.json()
  return { ...Object(answer) }
}

function callerFrom(answer: Record<string, unknown>): Caller {
  const say = (claim: string) => (typeof answer[claim] === 'string' ? answer[claim] : '')
  return { sub: say('sub'), name: say('name'), role: say('role'), scope: say('scope') }
}
