import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { cookiesOf, mappedSetCookie } from '../../../src/proxy/carried-cookies.ts'
import { cookiesWith, cookieValues } from '../../../src/security/cookie-header.ts'
import { LOGIN_COOKIE_SHAPE } from '../../../src/security/cookie-names.ts'
import { createReadTicket } from '../../../src/security/read-ticket.ts'
import { routeTo } from '../../support/carrying-lane.ts'
import { edited, edits, octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

const NAME = '__Host-Http-coatcheck'
const KEY = 'a key of this test'
const SECRET = 'x'.repeat(43)
const SIGNATURE = createHmac('sha256', KEY).update(SECRET).digest('base64').replace(/=+$/, '')
const OURS = `${NAME}=${encodeURIComponent(`s:${SECRET}.${SIGNATURE}`)}`
const ROUTE = routeTo('http://upstream.test', { path: '/there/' })
const PASSING = new Set(['theme', 'lang'])

const crumb = fc.oneof(
  fc.constantFrom(
    ';',
    ';;',
    '; ',
    '=',
    ',',
    '"',
    '\t',
    '\0',
    '\r\n',
    'a=b',
    'theme=dark',
    ' theme = x ',
    'lang=',
    'theme',
    '$Version=1',
  ),
  fc.constantFrom(
    `${NAME}=`,
    NAME,
    `${NAME}-login-`,
    `${NAME}-login-abcdefgh=1`,
    `__host-http-coatcheck=x`,
    '__proto__=1',
    'constructor=1',
    '\u00a0',
    '\u0085',
    '\v',
  ),
  fc.constantFrom(
    'Path=/',
    'Domain=evil.example',
    'HttpOnly',
    'SameSite=None',
    'Max-Age=-1',
    'path=/there/x',
    'Path=/bff',
    ' Path = /',
  ),
  fc.constantFrom(
    OURS,
    `; ${OURS}`,
    OURS.replace('s%3A', 's:'),
    OURS.replaceAll('%2B', '+').replaceAll('%2F', '/'),
    `\u00a0${OURS}`,
  ),
  edits(octets(0x21, 0x7e, 3), 2).map((changes) => edited(OURS, changes)),
  octets(0x00, 0xff, 12),
  fc.nat(40).map((count) => 'c=1;'.repeat(count)),
)
const long = fc.oneof(
  fc.nat(20_000).map((count) => 'c=1;'.repeat(count)),
  fc.nat(70_000).map((count) => ';'.repeat(count)),
  fc.nat(3_000).map((count) => `${NAME}-login-abcdefgh=1;`.repeat(count)),
)

/** H-19, H-21, H-31: the readers alone; `cookie-requests` sends such headers through both lanes. */
export const cookieHeaders = defineTarget<string>({
  name: 'cookie-headers',
  promise: 'no Cookie or Set-Cookie breaks a reader, none but one whole cookie of ours is a ticket, and only named cookies pass',
  inputs: fc
    .array(fc.oneof({ weight: 60, arbitrary: crumb }, { weight: 1, arbitrary: long }), { maxLength: 10 })
    .map((crumbs) => crumbs.join('')),
  few: 2_000,
  prepare: async () => ({ attempt, stop: async () => undefined }),
})

const readTicket = createReadTicket(NAME, ['another key', KEY], 100)

function attempt(header: string): void {
  const pairs = header.split(';').map(pairOf)
  const ours = pairs.filter(([name]) => name === NAME).map(([, value]) => value)
  if (header.length <= 65_536) assert.deepEqual(cookieValues(header, NAME), ours)
  const reading = readTicket(header)
  if (reading.kind === 'ticket') {
    assert.equal(ours.length, 1)
    assert.equal(decodeURIComponent(ours[0] ?? ''), `s:${SECRET}.${SIGNATURE}`)
    assert.equal(reading.ticket.secret, SECRET)
  } else if (ours.length === 1 && header.length <= 65_536) {
    assert.notEqual(ours[0], OURS.slice(NAME.length + 1))
  }

  const most = 20
  const logins = cookiesWith(header, { prefix: `${NAME}-login-`, shape: LOGIN_COOKIE_SHAPE, most })
  assert.ok(logins.size <= most)
  for (const name of logins.keys()) assert.match(name, /^__Host-Http-coatcheck-login-[\w-]{8}$/)

  for (const pair of cookiesOf(header, PASSING)?.split(';') ?? []) assert.ok(PASSING.has(pairOf(pair)[0]), pair)
  const passed = mappedSetCookie(header, PASSING, ROUTE)
  if (passed === undefined) return
  const [first = '', ...attributes] = passed.split(';').map((each) => each.trim())
  assert.ok(PASSING.has(pairOf(first)[0]), first)
  for (const attribute of attributes) {
    assert.doesNotMatch(attribute, /^domain/i)
    if (/^path/i.test(attribute)) assert.match(attribute, /^Path=\/api\//)
  }
}

function pairOf(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  return equals <= 0 ? ['', ''] : [asBrowsersRead(text.slice(0, equals)), asBrowsersRead(text.slice(equals + 1))]
}

/** RFC 6265bis §5.6: space and tab are all that they drop. */
function asBrowsersRead(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')
}
