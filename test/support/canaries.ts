import { randomBytes } from 'node:crypto'
import type { Browser } from './browser.ts'
import type { ScriptedProvider } from './scripted-provider.ts'
import type { RecordedRequest } from './upstream.ts'

/** A text that nobody says by accident, by what it stands for. */
export function plantCanaries(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [name, `${name}-${randomBytes(33).toString('base64url')}`]))
}

/** What passed between gateway, provider and API behind the browser's back: tokens, verifiers, id tokens, nonces of the claims. */
export function tokensOf(provider: ScriptedProvider, requests: readonly RecordedRequest[]): ReadonlyMap<string, string> {
  const asked = provider
    .seen('token')
    .flatMap(({ form }, index) => ['code_verifier', 'refresh_token'].map((name) => [`${name} ${index}`, form.get(name)] as const))
  const revoked = provider.seen('revocation').map(({ form }, index) => [`revoked token ${index}`, form.get('token')] as const)
  const carried = requests
    .flatMap((request) => request.values('authorization'))
    .map((value, index) => [`access token ${index}`, value.replace('Bearer ', '')] as const)
  const hints = provider
    .seen('endSession')
    .flatMap(({ url }, index) => partsOf(`id token ${index}`, new URL(url).searchParams.get('id_token_hint')))
  return present([...asked, ...revoked, ...carried, ...hints])
}

/** What a browser knows of its own: cookies, codes, states, nonces, handles. */
export function knownToBrowser({ answers }: Browser): ReadonlyMap<string, string> {
  const addresses = answers.flatMap(({ url, headers: { location } }) => [url, location ?? ''])
  const parameters = addresses.flatMap((address, index) => {
    const { searchParams } = new URL(address, 'http://nowhere')
    return ['code', 'state', 'nonce', 'handle'].map((name) => [`${name} ${index}`, searchParams.get(name)] as const)
  })
  const cookies = answers
    .flatMap(({ setCookies }) => setCookies)
    .flatMap(({ name, value }, index) => {
      const [first = '', last] = decodeURIComponent(value).replace(/^s:/, '').split('.')
      // Of a login's binding, the first part only counts the logins of one browser.
      const parts = name.includes('-login-') ? [last] : [first, last]
      return parts.map((part, at) => [`${name.replace(/-login-.*/, '-login')} ${index}-${at}`, part] as const)
    })
  return present([...parameters, ...cookies])
}

/** Payload and signature of a token apart: neither may be anywhere, in whatever company. */
export function partsOf(name: string, token: string | null | undefined): readonly (readonly [string, string | undefined])[] {
  const [, payload, signature] = token?.split('.') ?? []
  return [
    [name, payload],
    [`${name}, signed`, signature],
  ]
}

/** Those that are there, each once, and long enough to be told from chance. */
export function present(
  found: readonly (readonly [name: string, secret: string | null | undefined])[],
): ReadonlyMap<string, string> {
  const names = new Map(found.flatMap(([name, secret]) => (secret && secret.length > 15 ? [[secret, name] as const] : [])))
  return new Map([...names].map(([secret, name]) => [name, secret]))
}
