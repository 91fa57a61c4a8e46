import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import * as fc from 'fast-check'
import type { ProviderConfig } from '../../src/config/config.ts'
import { createProvider } from '../../src/oidc/create-provider.ts'
import type { Provider } from '../../src/oidc/port.ts'
import { configFor, POST_LOGOUT_REDIRECT_URI, REDIRECT_URI } from '../support/provider-in-test.ts'
import { type Edit, edited, edits, octets } from './pieces.ts'

export type Json = Readonly<Record<string, unknown>>

export const ISSUER = 'https://idp.example.com'
export const CLIENT_ID = 'coatcheck'
export const TOLERANCE_SECONDS = 30
const KID = 'the-key'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** One member that is to be different: gone, another value, or a moment that many seconds from now. */
interface Change {
  readonly name: string
  readonly to: { readonly gone: true } | { readonly value: unknown } | { readonly seconds: number }
}

/** How a token differs from an honest one. What is changed in its text is changed before it is signed; `torn` comes after that. */
export interface Mutation {
  readonly header: readonly Change[]
  readonly claims: readonly Change[]
  readonly payload: readonly Edit[]
  readonly torn: readonly Edit[]
}

/** Mutations of these claims, field by field, and of the text. */
export function mutations(claims: readonly string[], words: readonly unknown[]): fc.Arbitrary<Mutation> {
  const to: fc.Arbitrary<Change['to']> = fc.oneof(
    fc.constant({ gone: true as const }),
    fc.constantFrom(...words).map((value) => ({ value })),
    fc.jsonValue({ maxDepth: 2 }).map((value) => ({ value })),
    fc.constantFrom(1e300, -1, 0, 1e17, 2 ** 31, 2 ** 53, -0.5, '9999999999', true, null, [], {}).map((value) => ({ value })),
    fc.integer({ min: -100_000, max: 100_000 }).map((seconds) => ({ seconds })),
    fc.integer({ min: -40, max: 40 }).map((seconds) => ({ seconds })),
  )
  const changesOf = (names: readonly string[], most: number) =>
    fc.array(fc.record({ name: fc.constantFrom(...names), to }), { maxLength: most })
  return fc.record({
    header: changesOf(['alg', 'kid', 'typ', 'crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'cty', 'zip', '__proto__'], 1),
    claims: changesOf([...claims, '__proto__', 'constructor'], 2),
    payload: rareEdits(2),
    torn: rareEdits(3),
  })
}

function rareEdits(most: number): fc.Arbitrary<readonly Edit[]> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: edits(octets(0x00, 0xff, 3), most) })
}

/** The token, signed by the provider's key whatever its header says. */
export function makeToken(header: Json, claims: Json, mutation: Mutation): string {
  const payload = edited(JSON.stringify(changed(claims, mutation.claims)), mutation.payload)
  const head = JSON.stringify(changed({ alg: 'ES256', kid: KID, ...header }, mutation.header))
  const input = `${base64url(head, 'utf8')}.${base64url(payload, mutation.payload.length > 0 ? 'latin1' : 'utf8')}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
  return edited(`${input}.${signature}`, mutation.torn)
}

/** Header and claims of a token that the provider's key did sign; undefined for any other. By Node's own means, none of the product's. */
export function readSigned(token: string): { readonly header: Json; readonly claims: Json } | undefined {
  const [head = '', payload = '', signature = '', more] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (more !== undefined || !verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')))
    return undefined
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json
  return { header: read(head), claims: read(payload) }
}

/** Left half of a hash, for `at_hash` (OpenID Connect Core §3.1.3.6). */
export function halfHash(text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')
}

export function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** Our side, at a provider without a network in between: `idToken` is what its token endpoint answers with. */
export async function openProvider(idToken: () => string, accessToken: string): Promise<Provider> {
  const answers: Readonly<Record<string, () => Json>> = {
    '/.well-known/openid-configuration': () => ({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorization`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    }),
    '/jwks': () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID, use: 'sig', alg: 'ES256' }] }),
    '/token': () => ({ access_token: accessToken, token_type: 'Bearer', expires_in: 60, id_token: idToken() }),
  }
  const config: Partial<ProviderConfig> = { clockToleranceSeconds: TOLERANCE_SECONDS }
  const provider = createProvider({
    config: configFor({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: 'a secret of this test' }, config),
    redirectUri: REDIRECT_URI,
    postLogoutRedirectUri: POST_LOGOUT_REDIRECT_URI,
    report: () => undefined,
    now: Date.now,
    async exchange(url) {
      const answer = answers[new URL(url).pathname]?.()
      return {
        status: answer === undefined ? 404 : 200,
        header: (name) => (name === 'content-type' ? 'application/json' : undefined),
        body: (async function* () {
          yield Buffer.from(JSON.stringify(answer ?? {}))
        })(),
        discard: () => undefined,
      }
    },
  })
  await provider.start()
  return provider
}

function changed(honest: Json, changes: readonly Change[]): Json {
  const members = new Map(Object.entries(honest))
  for (const { name, to } of changes) {
    if ('gone' in to) members.delete(name)
    else members.set(name, 'seconds' in to ? Math.floor(Date.now() / 1000) + to.seconds : to.value)
  }
  return Object.fromEntries(members)
}

function base64url(text: string, encoding: 'utf8' | 'latin1'): string {
  return Buffer.from(text, encoding).toString('base64url')
}
