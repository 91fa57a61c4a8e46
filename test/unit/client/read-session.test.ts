import { describe, expect, test } from '@jest/globals'
import { createSessionReader } from '../../../client/read-session.ts'
import type { SignedIn } from '../../../client/session.ts'
import { toldNobody, toldSession } from './fake-browser.ts'

const MINUTE = 60_000

function signedIn(told: unknown, reader = createSessionReader(5 * MINUTE)): SignedIn {
  const session = reader.readAnswer(told, Date.now())
  if (session?.state !== 'signed-in') throw new Error('Nobody is signed in.')
  return session
}

describe('what a page is told', () => {
  test.each([-86_400_000, 0, 7_000])('is in the time of its own machine, whose clock is %d ms behind', (ahead) => {
    const { idleExpiresAt, absoluteExpiresAt } = signedIn(toldSession('alice', 3_600, ahead))
    expect(Math.abs(idleExpiresAt - Date.now() - 3_600_000)).toBeLessThan(1_000)
    expect(Math.abs(absoluteExpiresAt - Date.now() - 43_200_000)).toBeLessThan(1_000)
  })

  test('is nobody, and why', () => {
    expect(createSessionReader(0).readAnswer(toldNobody('idle'), 0)).toEqual({ state: 'signed-out', reason: 'idle' })
  })

  test.each([undefined, null, '<html>', [], {}, { authenticated: 'yes' }])(
    'is nothing where it is no answer of the gateway: %j',
    (told) => expect(createSessionReader(0).readAnswer(told, 0)).toBeUndefined(),
  )

  test('warns when the end is near', () => {
    const reader = createSessionReader(5 * MINUTE)
    expect([3_600, 301, 299, 10].map((left) => signedIn(toldSession('alice', left), reader).expiring)).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  test('does not warn somebody of short sessions from the first second on', () => {
    const reader = createSessionReader(5 * MINUTE)
    expect([120, 70, 50].map((left) => signedIn(toldSession('alice', left), reader).expiring)).toEqual([false, false, true])
  })

  test('never warns where no time for it is set', () => {
    expect(signedIn(toldSession('alice', 1), createSessionReader(0)).expiring).toBe(false)
  })

  test("warns when the gateway says so, and from then on by the gateway's notion of near", () => {
    const reader = createSessionReader(5 * MINUTE)
    const session = signedIn(toldSession('alice'), reader)
    const warned = reader.readEvent(session, toldSession('alice', 600), Date.now(), true)
    expect(warned).toMatchObject({ expiring: true, user: { sub: 'alice' }, createdAt: session.createdAt })
    expect(warned.idleExpiresAt).toBeLessThan(session.idleExpiresAt)
    expect(signedIn(toldSession('alice', 590), reader).expiring).toBe(true)
    expect(signedIn(toldSession('alice', 3_600), reader).expiring).toBe(false)
    expect(reader.readEvent(warned, toldSession('alice'), Date.now(), false)).toMatchObject({ expiring: false })
  })
})
