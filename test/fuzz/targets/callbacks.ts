import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { rawRequest } from '../../support/raw-client.ts'
import type { ScriptedProvider } from '../../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../../support/story.ts'
import { statusesIn } from '../../support/raw-answers.ts'
import { type Edit, edited, edits, octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

/** What a script would have to be written as. */
const MARKUP = '<canary onload=alert(1)>'
const NAMES = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'session_state',
  'response',
  'id_token',
  'x',
  '__proto__',
  '',
]
/** In braces: what this login really has. */
const VALUES = [
  [
    '{code}',
    '{state}',
    '{iss}',
    '',
    'x',
    'access_denied',
    'server_error',
    'login_required',
    'temporarily_unavailable',
    'x'.repeat(9_000),
  ],
  [
    encodeURIComponent(MARKUP),
    MARKUP.replaceAll(' ', '+'),
    '%00',
    '%0d%0aSet-Cookie:%20a=b',
    '%ff',
    '%',
    '%c0%80',
    '+',
    '[object Object]',
  ],
].flat()

interface Return {
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** Made to the whole query. */
  readonly changes: readonly Edit[]
  /** Made to the cookie that binds the login to its browser; undefined: it does not come at all. */
  readonly cookie: readonly Edit[] | undefined
}

const honest = [
  ['code', '{code}'],
  ['state', '{state}'],
  ['iss', '{iss}'],
] as const
const visible = octets(0x21, 0x7e, 3)
const never = fc.constant<readonly Edit[]>([])
const other = fc.tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constantFrom(...VALUES), octets(0x24, 0x7e, 12)))

/** H-01, H-13, H-15, H-17, H-18, H-25. */
export const callbacks = defineTarget<Return>({
  name: 'callbacks',
  promise:
    'a callback signs somebody in only with the state, code and issuer of a login of that browser, each once; nothing it says is shown, and none is a dead end',
  inputs: fc.record({
    parameters: fc.oneof(
      fc.constant(honest),
      fc.array(other, { maxLength: 5 }),
      fc.array(other, { maxLength: 2 }).map((more) => [...honest, ...more]),
      fc.shuffledSubarray([...honest]),
    ),
    changes: fc.oneof({ weight: 3, arbitrary: never }, { weight: 1, arbitrary: edits(visible, 2) }),
    cookie: fc.oneof(
      { weight: 6, arbitrary: never },
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: edits(visible, 1) },
    ),
  }),
  few: 200,
  async prepare() {
    const story = await tellScriptedStory()
    return { attempt: (given) => attempt(story, given), stop: () => story.stop() }
  },
})

async function attempt({ gateway, provider, origin }: Story<ScriptedProvider>, given: Return): Promise<void> {
  const begun = await fetch(`${origin}/bff/login`, { redirect: 'manual' })
  assert.equal(begun.status, 303, await begun.text())
  const answer = await provider.authorize(begun.headers.get('location') ?? '')
  const [binding = ''] = begun.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(';')))
  const fillIn = (text: string) => text.replace(/^\{(\w+)\}$/, (_all, name: string) => encodeURIComponent(answer.get(name) ?? ''))
  const written = given.parameters.map(([name, value]) => `${name}=${fillIn(value)}`).join('&')
  const query = edited(written, given.changes).replaceAll(/[^!-~]/g, '')
  const cookie = given.cookie && edited(binding, given.cookie)

  const redeemed = provider.count('token')
  const { host } = new URL(origin)
  const said = await rawRequest(
    gateway.port,
    [
      `GET /bff/callback?${query} HTTP/1.1`,
      `Host: ${host}`,
      ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
      'Sec-Fetch-Mode: navigate',
      'Sec-Fetch-Dest: document',
      'Sec-Fetch-Site: cross-site',
      'Connection: close',
      '',
      '',
    ].join('\r\n'),
  )
  const [status = 0] = statusesIn(said)
  assert.ok(status >= 300 && status !== 500, said)
  assert.ok(!said.includes(MARKUP) && !said.includes(MARKUP.replaceAll(' ', '+')), 'shows what it was told')

  // Read once more, by the parser of the URL Standard alone.
  const parsed = new URLSearchParams(query)
  const isOne = (name: string) => parsed.getAll(name).length === 1 && parsed.get(name) === answer.get(name)
  // The cookie's name says which login it is of, its last part is the secret; the part between only counts logins.
  const isOurs = namesAndSecret(cookie) === namesAndSecret(binding) && isOne('state')
  if (!isOurs) assert.equal(provider.count('token'), redeemed, 'a code was redeemed for a stranger')
  const signsIn = /^set-cookie: coatcheck=/im.test(said)
  if (signsIn) assert.ok(isOurs && isOne('code') && isOne('iss') && !parsed.get('error'), 'signed in without a login')
  else if (given.parameters === honest || JSON.stringify(given.parameters) === JSON.stringify(honest))
    assert.ok(given.changes.length > 0 || cookie !== binding, `an honest one was refused: ${said}`)
}

function namesAndSecret(cookie: string | undefined): string | undefined {
  return cookie?.replace(/=[\w-]{22}\./, '=')
}
