import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import { GatewayError } from '../../../src/errors.ts'
import { createAdministration } from '../../../src/operations/administration.ts'
import { fakeRequest } from '../../support/fake-request.ts'

function setUp(work = async () => ({ status: 200, body: {} })) {
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
})
