import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import type { EventName } from '../../../src/report/events.ts'
import { createSecurity } from '../../../src/security/create-security.ts'
import { fakeRequest } from '../../support/fake-request.ts'
import { PLAIN_SESSIONS } from '../../support/session-parts.ts'

function setUp() {
  const told: EventName[] = []
  const security = createSecurity(
    {
      baseUrl: { origin: 'https://app.example.com', host: 'app.example.com', secure: true, prefix: '/bff' },
      secrets: [new Secret('a'.repeat(43))],
      network: { trustedProxies: ['10.0.0.0/8'] },
      session: {
        idleTimeoutMilliseconds: 1_000,
        absoluteTimeoutMilliseconds: 2_000,
        ...PLAIN_SESSIONS,
        mostCached: 10,
        withoutRefreshToken: 'end',
      },
    },
    'namespace',
    (name) => void told.push(name),
  )
  return { security, told }
}

const from = (peer: string, headers: Readonly<Record<string, string>> = {}) =>
  fakeRequest({ Host: 'app.example.com', ...headers }, { peer })

describe('a peer', () => {
  test('that is a trusted proxy may say the request id, and that the browser speaks http; nobody else may', () => {
    const { refuseForeignTarget, requestIdOf } = setUp().security
    const headers = { 'X-Forwarded-Proto': 'http', 'X-Request-Id': '0af7651916cd43dd8448eb211c80319c' }
    expect(() => refuseForeignTarget(from('10.0.0.1', headers))).toThrow(expect.objectContaining({ code: 'https_required' }))
    expect(() => refuseForeignTarget(from('203.0.113.9', headers))).not.toThrow()
    expect(requestIdOf(from('10.0.0.1', headers))).toBe('0af7651916cd43dd8448eb211c80319c')
    expect(requestIdOf(from('203.0.113.9', headers))).not.toBe('0af7651916cd43dd8448eb211c80319c')
  })

  test('that speaks for others untrusted is told of once, not for each request', () => {
    const { security, told } = setUp()
    for (const _ of [1, 2, 3]) security.peers.accountableAddress(from('192.168.0.9', { 'X-Forwarded-For': '6.6.6.6' }))
    expect(told).toEqual(['forwarding_untrusted'])
  })
})
