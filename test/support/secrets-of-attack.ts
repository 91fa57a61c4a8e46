import type { Attacked } from './attacked.ts'
import type { Exchange } from './attack-exchange.ts'
import { ATTACK_EMAIL } from './attack-settings.ts'
import { partsOf } from './canaries.ts'
import type { IssuedSecret, SeenRequest } from './scripted-provider.ts'
import type { SecretIndex } from './secret-index.ts'

/** What must be nowhere but where it belongs. */
export type SecretKind =
  | IssuedSecret['kind']
  | 'server key'
  | 'client secret'
  | 'verifier'
  | 'state'
  | 'nonce'
  | 'session cookie'
  | 'sign-in cookie'
  | 'sign-out handle'
  | 'logout token'
  | 'e-mail'

type Learn = SecretIndex<SecretKind>['learn']

/** Takes up every secret of a gateway under attack that there is by now: what it was set up with, was given, gave, and was told. */
export function learnSecretsOf({ settings, provider, exchanges, cookieName }: Attacked, learn: Learn): void {
  for (const name of ['COATCHECK_SECRETS', 'COATCHECK_ADMIN_SECRET'])
    for (const key of settings[name]?.split(',') ?? []) learn('server key', key)
  learn('client secret', settings['COATCHECK_CLIENT_SECRET'])
  learn('e-mail', ATTACK_EMAIL)
  for (const { kind, value } of provider.issued) learnToken(learn, kind, value)
  for (const request of provider.requests) learnAsked(learn, request)
  for (const exchange of exchanges) learnExchanged(learn, cookieName, exchange)
}

/** Payload and signature of what is signed apart: neither may be anywhere, in whatever company. */
function learnToken(learn: Learn, kind: SecretKind, token: string | null): void {
  const parts = partsOf(kind, token)
  if (parts.some(([, part]) => part !== undefined)) for (const [, part] of parts) learn(kind, part)
  else learn(kind, token)
}

function learnAsked(learn: Learn, { endpoint, url, headers, form }: SeenRequest): void {
  const { searchParams } = new URL(url)
  learn('state', searchParams.get('state'))
  learn('nonce', searchParams.get('nonce'))
  learnToken(learn, 'ID token', searchParams.get('id_token_hint'))
  learn('verifier', form.get('code_verifier'))
  learn('refresh token', form.get('refresh_token'))
  for (const name of ['client_secret', 'client_assertion']) learnToken(learn, 'client secret', form.get(name))
  // By HTTP Basic; at the endpoint of claims it is the access token, which is known.
  if (endpoint !== 'userinfo') learn('client secret', headers.authorization?.replace('Basic ', ''))
}

function learnExchanged(learn: Learn, cookieName: string, { said, lines, setCookies }: Exchange): void {
  for (const { name, value } of setCookies) {
    const [first, last] = decodeURIComponent(value).replace(/^s:/, '').split('.')
    if (name === cookieName) for (const part of [first, last]) learn('session cookie', part)
    // The first part only counts the sign-ins of one browser.
    if (name.startsWith(`${cookieName}-login-`)) learn('sign-in cookie', last)
  }
  for (const line of lines) {
    for (const [, handle] of line.matchAll(/\/bff\/logout\/continue\?handle=([\w-]+)/g)) learn('sign-out handle', handle)
    // Of sign-ins that nobody followed to the provider.
    const [, query] = /^location: [^?]*\/authorization\?(.*)$/i.exec(line) ?? []
    for (const kind of ['state', 'nonce'] as const) learn(kind, new URLSearchParams(query).get(kind))
  }
  for (const [, token = ''] of said.matchAll(/logout_token=([\w.-]+)/g)) learnToken(learn, 'logout token', token)
}
