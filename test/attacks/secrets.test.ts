/*
 * Whoever attacks a gateway need not break it where it tells them what they want: a token in an error, a cookie in a log that is
 * shipped elsewhere, a code in an address that is written down, a session in a store that somebody else can read.
 *
 * So all attacks of this folder run at the most verbose level, and after each of them everything that anybody could see is searched
 * for every secret that there was, in every encoding: `describe-attack.ts` fails the attack during which one got out. Here it is
 * shown that this search is not blind.
 *
 * Met in Pomerium, whose page about a person held their access token and ID token for any script to read (CVE-2024-39315).
 */
import { beforeAll, expect, test } from '@jest/globals'
import type { Exchange } from '../support/attack-exchange.ts'
import type { Attacked } from '../support/attacked.ts'
import { describeAttack } from '../support/describe-attack.ts'
import { logoutToken } from '../support/logout-token.ts'
import { createSecretSearch } from '../support/misplaced-secrets.ts'
import type { SeenRequest } from '../support/scripted-provider.ts'
import { createSecretIndex } from '../support/secret-index.ts'
import { learnSecretsOf, type SecretKind } from '../support/secrets-of-attack.ts'
import { surfacesOf } from '../support/surfaces-of-attack.ts'
import type { RecordedRequest } from '../support/upstream.ts'
import { until } from '../support/until.ts'

/** Signs in, calls, has its token renewed, signs out at the provider, and is signed out by it. */
async function visit({ provider, signedIn, upstream, origin, ask }: Attacked): Promise<void> {
  provider.script.token = (honest) => ({ ...honest, expires_in: 1 })
  const browser = await signedIn()
  delete provider.script.token
  await browser.fetch(`${origin}/bff/session`)
  const call = async () => {
    await browser.fetch(`${origin}/api/x`)
    return upstream.last().values('authorization')[0]
  }
  const first = await call()
  await until('the token was renewed', async () => (await call()) !== first)
  const { continue: next } = (await browser.fetch(`${origin}/bff/logout`, { method: 'POST' })).json() as { continue: string }
  await browser.navigate(origin + next, { from: `${origin}/` })
  const form = ['Content-Type: application/x-www-form-urlencoded']
  await ask('POST', '/bff/backchannel-logout', form, `logout_token=${await logoutToken(provider)}`)
}

/** Texts out of which anybody can read what is in them; written down apart from what the search knows. */
function encodedTexts(secret: string): readonly string[] {
  const behind = [0, 1, 2].map((octets) => Buffer.from(`${'?'.repeat(octets)}${secret}?>?`))
  return [
    secret,
    JSON.stringify({ a: secret }),
    `a=${encodeURIComponent(secret)}`,
    `a=${encodeURIComponent(`/x?b=${encodeURIComponent(secret)}`)}`,
    ...behind.map((bytes) => bytes.toString('base64')),
    ...behind.map((bytes) => bytes.toString('base64url')),
    ...behind.map((bytes) => encodeURIComponent(bytes.toString('base64'))),
    Buffer.from(`x${secret}`).toString('hex'),
  ]
}

type Leak = (world: Attacked, text: string) => Attacked

describeAttack('secrets', (world) => {
  beforeAll(() => visit(world()))

  // H-12, H-59
  test('nothing that is said, kept or written down holds a secret, and all of it is looked through for secrets of every kind', async () => {
    expect(await createSecretSearch().misplaced([world()])).toEqual([])
    const index = createSecretIndex<SecretKind>()
    learnSecretsOf(world(), index.learn)
    const surfaces = await surfacesOf(world())
    const places = new Set(surfaces.filter(({ text }) => text !== '').map(({ where }) => where))
    expect([...places]).toEqual(
      expect.arrayContaining([
        'an answer to GET /bff/login',
        'an answer to GET /api/x',
        'authorization, as the API was sent it',
        'what the provider was told at its token',
      ]),
    )
    if (world().target !== 'url') {
      expect([...places]).toEqual(expect.arrayContaining(['the log of the gateway', 'the private /metrics', 'Redis']))
      // Where settings are words of a command line, they are due there.
      const isToldSettings = world().target === 'image' && / ENV /.test(process.env['COATCHECK_ATTACK_COMMAND'] ?? '')
      expect(places.has('the list of processes')).toBe(!isToldSettings)
      // The most verbose level: what only `debug` and below write is there.
      expect((await world().logs())['the gateway']).toContain('"level":"debug"')
      expect(places.has('the log of nginx')).toBe(world().target.startsWith('nginx'))
    }
    // What has no place to be seen at is never seen.
    const seen = surfaces.flatMap(({ text }) => index.sightings(text).map(({ name }) => name))
    const unseen = new Set<SecretKind>(['server key', 'logout token'])
    expect(new Set([...seen, ...unseen])).toEqual(new Set(index.names()))
    expect(new Set(index.names()).size).toBe(14)
  })

  // H-12, H-59
  test.each<[string, Leak]>([
    ['the log of nginx', (there, text) => ({ ...there, logs: async () => ({ nginx: `a line\n{"path":"${text}"}\n` }) })],
    ['Redis', (there, text) => ({ ...there, stored: () => ['*3', '$3', 'SET', text] })],
    ['the list of processes', (there, text) => ({ ...there, commandLine: async () => `coatcheck\0${text}` })],
    [
      'an answer to GET /api/x',
      (there, text) => {
        const leak: Exchange = { asked: 'GET /api/x', said: '', lines: ['200', `x-note: ${text}`], setCookies: [] }
        return { ...there, exchanges: [...there.exchanges, leak] }
      },
    ],
    [
      'x-note, as the API was sent it',
      (there, text) => {
        const request: RecordedRequest = { ...there.upstream.last(), lines: [['X-Note', text]] }
        return { ...there, upstream: { ...there.upstream, requests: [request] } }
      },
    ],
    [
      'what the provider was told at its jwks',
      (there, text) => {
        const request: SeenRequest = { ...there.provider.last('token'), endpoint: 'jwks', rawHeaders: [], body: text }
        return { ...there, provider: { ...there.provider, requests: [...there.provider.requests, request] } }
      },
    ],
  ])('a secret is found in any encoding, be it in %s', async (where, leak) => {
    for (const text of encodedTexts(world().provider.clientSecret)) {
      const found = await createSecretSearch().misplaced([leak(world(), text)])
      expect([text, found.length > 0]).toEqual([text, true])
      for (const each of found) expect(each).toMatch(/^client secret \(/)
      for (const each of found) expect(each).toContain(` in ${where}: `)
    }
  })
})
