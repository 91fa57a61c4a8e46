import { availableParallelism } from 'node:os'
import { describe, expect, test } from '@jest/globals'
import { judgeRequestHeader } from '../../../src/proxy/request-header-verdict.ts'
import { parseIdentityHeader } from '../../../src/config/parse-identity-header.ts'
import { type Env, LEAST, parseWith, problemsOf } from '../../support/config-env.ts'

const PEERS = { COATCHECK_FORWARD_AUTH_PEERS: '10.0.0.2' }
const REDIS = { COATCHECK_STORE: 'redis://localhost' }

describe('forward-auth does not boot where', () => {
  test.each<[string, Env, string, RegExp]>([
    ['everybody may ask', { COATCHECK_FORWARD_AUTH_PEERS: '0.0.0.0/0' }, 'FORWARD_AUTH_PEERS', /trusts everyone/],
    ['a listener has nobody to answer', { COATCHECK_FORWARD_AUTH_LISTEN: '127.0.0.1:9091' }, 'FORWARD_AUTH_LISTEN', /nobody/],
    [
      'its listener is the public one',
      { ...PEERS, COATCHECK_FORWARD_AUTH_LISTEN: '127.0.0.1:8080' },
      'FORWARD_AUTH_LISTEN',
      /of listen/,
    ],
    [
      'its listener is the private one',
      { ...PEERS, COATCHECK_FORWARD_AUTH_LISTEN: '0.0.0.0:9090' },
      'FORWARD_AUTH_LISTEN',
      /of privateListen/,
    ],
    [
      'an identity header could come from a client',
      { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-Tenant=sub' },
      'IDENTITY_HEADERS',
      /identity header/,
    ],
    [
      'an identity header would be the token',
      { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'Authorization=sub' },
      'IDENTITY_HEADERS',
      /identity header/,
    ],
    ['an identity header has no claim', { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User' }, 'IDENTITY_HEADERS', /claim/],
    [
      'an identity header holds every claim',
      { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User=*' },
      'IDENTITY_HEADERS',
      /claim/,
    ],
    [
      'one header has two claims',
      { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-User=sub,x-user=name' },
      'IDENTITY_HEADERS',
      /two claims/,
    ],
    [
      'a claim is not kept',
      { COATCHECK_FORWARD_AUTH_IDENTITY_HEADERS: 'X-Groups=groups' },
      'IDENTITY_HEADERS',
      /provider\.claims/,
    ],
    [
      'an upstream is its own listener',
      { ...PEERS, COATCHECK_FORWARD_AUTH_LISTEN: '127.0.0.1:9091', COATCHECK_ROUTES: '/api/=http://localhost:9091/' },
      'ROUTES',
      /this gateway itself/,
    ],
  ])('%s', (_, env, place, says) => {
    const problems = problemsOf({ ...LEAST, ...env })
    expect(problems).toEqual([
      expect.objectContaining({ place: expect.stringContaining(place), says: expect.stringMatching(says) }),
    ])
  })

  test('every identity header that can be configured is one that no client gets through', () => {
    const names = 'X-User X-User-Id X-Auth X-Auth-Email X-Email X-Groups X-Role X-Roles X-Subject Remote-User'.split(' ')
    for (const name of names) {
      expect(parseIdentityHeader(`${name}=sub`)).toBe(`${name}=sub`)
      expect([name, judgeRequestHeader(name)]).toEqual([name, 'dropped'])
    }
  })

  test('it is off unless somebody is configured to ask', () => {
    expect(parseWith(LEAST).config.forwardAuth).toEqual({ peers: [], listen: undefined, identityHeaders: [] })
  })
})

describe('several workers', () => {
  test.each(['0', '65', '-1', '1.5', 'two', ''])('are not %j', (workers) => {
    const says = problemsOf({ ...LEAST, ...REDIS, COATCHECK_WORKERS: workers }).map(({ place }) => place)
    expect(says).toEqual(workers === '' ? [] : [expect.stringContaining('COATCHECK_WORKERS')])
  })

  test.each(['2', 'auto'])('%s of them share no memory store', (workers) => {
    expect(problemsOf({ ...LEAST, COATCHECK_WORKERS: workers })).toMatchObject([
      { place: expect.stringContaining('COATCHECK_WORKERS'), says: expect.stringContaining('memory') },
    ])
  })

  test('auto is one for each processor', () => {
    expect(parseWith({ ...LEAST, ...REDIS, COATCHECK_WORKERS: 'auto' }).config.workers).toBe(availableParallelism())
    expect(parseWith({ ...LEAST, ...REDIS }).config.workers).toBe(1)
  })
})
