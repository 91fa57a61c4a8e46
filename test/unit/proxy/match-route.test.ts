import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createRouteTable, upstreamTarget } from '../../../src/proxy/match-route.ts'
import { routeTo } from '../../support/carrying-lane.ts'

const match = createRouteTable([
  routeTo('http://a.test', { prefix: '/api/', path: '/v1/' }),
  routeTo('http://b.test', { prefix: '/api/admin/', path: '/', methods: ['GET'] }),
  routeTo('http://c.test', { prefix: '/files/', methods: ['GET', 'TRACE', 'CONNECT'] }),
])

function raise(): never {
  throw new Error('not carried')
}

function sent(target: string): string {
  const matched = match(target) ?? raise()
  return matched.config.addresses[0]?.origin + upstreamTarget(target, matched)
}

describe('a route', () => {
  test('is the one with the longest prefix', () => {
    expect(sent('/api/orders')).toBe('http://a.test/v1/orders')
    expect(sent('/api/admin/users')).toBe('http://b.test/users')
    expect(sent('/files/')).toBe('http://c.test/')
  })

  test.each([
    '/%61pi/x',
    '//api/x',
    '/./api/x',
    '/bff/../api/x',
    '/API/x',
    '/api',
    '/apix',
    'http://a.test/api/x',
    '*',
    '',
    '/x?/api/',
  ])('is not found by the near-miss %j', (target) => {
    expect(match(target)).toBeUndefined()
  })

  test('answers HEAD where it answers GET, and never TRACE or CONNECT', () => {
    expect([...(match('/files/x')?.methods ?? [])]).toEqual(['GET', 'HEAD'])
  })

  test.each([
    '/api/../bff/session',
    '/api/%2e%2e/x',
    '/api//x',
    '/api/x?a b',
    '/api/x?a\u0000',
    '/api/x?ü',
    '/api/x#y',
    '/api/x?y#z',
  ])('refuses %j', (target) => {
    expect(() => sent(target)).toThrow(expect.objectContaining({ code: 'target_not_canonical' }))
  })

  test.each(['/api/%61dmin/users', '/api/Admin/users', '/api/ADMIN/users', '/api/admin;v=1/users', '/api/%2561dmin/users'])(
    'does not take %s for another route than its stricter neighbour',
    (target) => {
      expect(() => sent(target)).toThrow(expect.objectContaining({ code: 'target_not_canonical' }))
    },
  )

  // Most frameworks take `/admin` for `/admin/`, or redirect one to the other.
  test.each(['/api/admin', '/api/admin?x=1', '/api/Admin', '/api/%61dmin', '/api/admin;v=1', '/api/admin;v=1?x'])(
    'does not take %s, which lacks but a slash, for another route than its stricter neighbour',
    (target) => {
      expect(() => sent(target)).toThrow(expect.objectContaining({ code: 'target_not_canonical' }))
    },
  )

  test('takes what lacks the slash of a neighbour that demands nothing more', () => {
    const table = createRouteTable([
      routeTo('http://a.test', { prefix: '/api/', level: { acr: ['2'], maxAgeSeconds: 60 } }),
      routeTo('http://b.test', { prefix: '/api/orders/', level: { acr: ['2'], maxAgeSeconds: 60 } }),
      routeTo('http://c.test', { prefix: '/api/news/', token: 'none', proof: 'none' }),
    ])
    for (const target of ['/api/orders', '/api/news'])
      expect(upstreamTarget(target, table(target) ?? raise())).toBe(target.slice('/api'.length))
  })

  test.each<[string, Parameters<typeof routeTo>[1], Parameters<typeof routeTo>[1]]>([
    ['a session', { token: 'none' }, {}],
    ['a proof', { proof: 'none' }, { proof: 'header' }],
    ['another sign-in', {}, { level: { acr: ['2'], maxAgeSeconds: undefined } }],
    ['a later sign-in', { level: { acr: [], maxAgeSeconds: 60 } }, { level: { acr: [], maxAgeSeconds: 30 } }],
    ['fewer methods', {}, { methods: ['GET'] }],
  ])('is stricter where it demands %s', (_, outer, inner) => {
    const table = createRouteTable([
      routeTo('http://a.test', { prefix: '/api/', ...outer }),
      routeTo('http://a.test', { prefix: '/api/admin/', ...inner }),
    ])
    expect(() => upstreamTarget('/api/admin', table('/api/admin') ?? raise())).toThrow('target_not_canonical')
    expect(upstreamTarget('/api/administrators', table('/api/administrators') ?? raise())).toMatch(/administrators$/)
    expect(upstreamTarget('/api/x/admin', table('/api/x/admin') ?? raise())).toMatch(/admin$/)
  })

  test('keeps path and query byte for byte', () => {
    expect(sent('/api/C%23;v=1/%e6%9d%b1?')).toBe('http://a.test/v1/C%23;v=1/%e6%9d%b1?')
    expect(sent(`/api/x?q=//evil&r=../..&s=%2f%00+%20&t=\\^{}|"<>\``)).toBe(
      `http://a.test/v1/x?q=//evil&r=../..&s=%2f%00+%20&t=\\^{}|"<>\``,
    )
    const query = fc.stringMatching(/^[!"$-~]{0,40}$/)
    fc.assert(fc.property(query, (text) => sent(`/files/x?${text}`) === `http://c.test/x?${text}`))
  })
})
