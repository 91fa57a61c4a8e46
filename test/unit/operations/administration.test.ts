import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { AdministerSessions } from '../../../src/operations/administer-sessions.ts'
import { createAdministration } from '../../../src/operations/administration.ts'
import { fakeRequest } from '../../support/fake-request.ts'

function setUp(work: AdministerSessions = async () => ({ status: 200, body: {}, told: { outcome: 'listed' } })) {
  const waits: (() => void)[] = []
  const reported: object[] = []
  const administer = createAdministration({
    secret: new Secret('s3cret'),
    administerSessions: work,
    report: (_name, fields) => void reported.push(fields),
    wait: () => new Promise<void>((resolve) => void waits.push(resolve)),
  })
  return { administer, waits, reported }
}

const guess = () => fakeRequest({ authorization: 'Bearer guess' })

describe('administration', () => {
  test('makes whoever guesses wait, lets few wait, and lets nobody who has the secret wait for them', async () => {
    const { administer, waits } = setUp()
    const guesses = Array.from({ length: 20 }, () => administer(guess()))
    expect((await administer(guess())).status).toBe(429)
    expect((await administer(fakeRequest({ authorization: 'Bearer s3cret' }))).status).toBe(200)
    expect(waits).toHaveLength(20)
    for (const go of waits) go()
    expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([401]))
    const next = administer(guess())
    waits.at(-1)?.()
    expect((await next).status).toBe(401)
  })

  test('tells a fault of ours as one', async () => {
    const { administer, reported } = setUp(() => Promise.reject(new TypeError('oh')))
    expect(await administer(fakeRequest({ authorization: 'Bearer s3cret' }))).toMatchObject({
      status: 500,
      body: { code: 'internal' },
    })
    expect(reported).toEqual([expect.objectContaining({ name: 'TypeError' }), expect.objectContaining({ outcome: 'failed' })])
  })

  test('says that it could not be done, and why is on record', async () => {
    const { administer, reported } = setUp(() => Promise.reject(new GatewayError('store_unavailable', { retryAfterSeconds: 1 })))
    expect(await administer(fakeRequest({ authorization: 'Bearer s3cret' }))).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable' },
      headers: { 'Retry-After': '1' },
    })
    expect(reported).toEqual([expect.objectContaining({ outcome: 'failed', note: 'store_unavailable' })])
  })

  test.each<[string, AdministerSessions, string]>([
    ['could not be done', () => Promise.reject(new GatewayError('store_unavailable')), 'store_unavailable'],
    [
      'was not understood',
      async () => ({ status: 400, body: {}, told: { outcome: 'failed', note: 'request_invalid' } }),
      'request_invalid',
    ],
  ])('leaves on record whose sessions were meant, and why, also where it %s', async (_, work, note) => {
    const { administer, reported } = setUp(work)
    const headers = { authorization: 'Bearer s3cret', 'coatcheck-administrator': 'root' }
    const url = '/admin/sessions?subject=ann&providerSession=s-1&handle=h-1&why=left'
    await administer(fakeRequest(headers, { method: 'DELETE', url }))
    const whose = { subject: 'ann', providerSession: 's-1', handle: 'h-1' }
    expect(reported).toEqual([{ outcome: 'failed', administrator: 'root', why: 'left', ...whose, note }])
  })

  test('keeps nothing on record of what somebody without the secret says of whom they meant', async () => {
    const { administer, reported, waits } = setUp()
    const answer = administer(fakeRequest({}, { url: '/admin/sessions?subject=ann' }))
    for (const go of waits) go()
    await answer
    expect(reported).toEqual([{ outcome: 'refused', administrator: 'admin.secret', note: expect.any(String) }])
  })
})
