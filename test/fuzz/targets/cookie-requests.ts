import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { startExactGateway } from '../../support/exact-gateway.ts'
import { statusesIn } from '../../support/raw-answers.ts'
import { octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

/** Stands for the value of the cookie of whoever is signed in, which is another one each time. */
const VALUE = '{value}'
const PATHS = ['/api/x', '/open/x', '/bff/session', '/bff/login', '/bff/callback?state=a&code=b', '/bff/logout']

const crumb = fc.oneof(
  fc.constantFrom(';', ';;', '=', '; ', ',', '"', 'coatcheck', 'coatcheck=', '__Host-Http-coatcheck=', '$Version=1', '\t', 'a=b'),
  fc.constantFrom(
    'Coatcheck=',
    'coatcheck-login-abcdefgh=',
    'coatcheck-login-=x',
    'coatcheck-logout=',
    'coatcheck=%',
    'coatcheck=s:',
  ),
  fc.constantFrom(VALUE, `coatcheck=${VALUE}`, `coatcheck=s:${VALUE}`, `coatcheck=j%3A{}`),
  octets(0x20, 0x7e, 12),
  octets(0x80, 0xff, 6),
  fc.nat(500).map((count) => 'c=1;'.repeat(count)),
)

interface Asked {
  readonly path: string
  readonly headers: readonly (readonly [name: string, crumbs: readonly string[]])[]
}

/** H-15, H-21, H-31, BFF-16. */
export const cookieRequests = defineTarget<Asked>({
  name: 'cookie-requests',
  promise: 'no cookies break an endpoint or a carried call, and none reaches the upstream, ours least of all',
  inputs: fc.record({
    path: fc.constantFrom(...PATHS),
    headers: fc.array(
      fc.tuple(fc.constantFrom('Cookie', 'cookie', 'COOKIE', 'cOOkie', 'Cookie2'), fc.array(crumb, { maxLength: 6 })),
      { maxLength: 3 },
    ),
  }),
  few: 300,
  async prepare() {
    const exact = await startExactGateway()
    const value = exact.cookie.slice('coatcheck='.length)
    return {
      async attempt({ path, headers }) {
        const seen = exact.upstream.messages().length
        const lines = headers.map(([name, crumbs]) => `${name}: ${crumbs.join('').replaceAll(VALUE, value)}`)
        const said = await exact.say(
          [`GET ${path} HTTP/1.1`, 'Host: {host}', 'X-CSRF: 1', 'Connection: close', ...lines, '', ''].join('\r\n'),
        )
        const [status = 0] = statusesIn(said)
        assert.ok([200, 303, 400, 401, 429, 431].includes(status), said)
        for (const { head } of exact.upstream.messages().slice(seen)) {
          assert.doesNotMatch(head, /cookie/i)
          assert.ok(!head.includes(value))
        }
      },
      stop: () => exact.stop(),
    }
  },
})
