import { describe, expect, jest, test } from '@jest/globals'
import { createSessionReader } from '../../../client/read-session.ts'
import type { Session } from '../../../client/session.ts'
import { createTakeEvent } from '../../../client/take-event.ts'
import { toldSession } from './fake-browser.ts'

const IN: Session = {
  state: 'signed-in',
  user: { sub: 'alice', name: 'Alice' },
  createdAt: 1,
  idleExpiresAt: 1,
  absoluteExpiresAt: 1,
  expiring: false,
}

function take(current: Session, name: string, data: unknown) {
  const steps = { learn: jest.fn(), ask: jest.fn(async () => true), refused: jest.fn() }
  createTakeEvent({ knowledge: { current }, reader: createSessionReader(1), ...steps })(name, data)
  return Object.entries(steps).flatMap(([step, { mock }]) => mock.calls.map((words) => [step, ...words]))
}

describe("the gateway's events", () => {
  test('of an end are looked into, with the reason they gave', () => {
    expect(take(IN, 'ended', { reason: 'revoked', loginUrl: '/bff/login' })).toEqual([['refused', 'revoked']])
    expect(take(IN, 'ended', undefined)).toEqual([['refused', 'none']])
  })

  test('of another person are looked into', () => expect(take(IN, 'user-changed', {})).toEqual([['ask']]))

  test('of other claims change what is shown of the person, and nothing else', () => {
    const user = { sub: 'alice', name: 'Alice Example' }
    expect(take(IN, 'claims-changed', { user })).toEqual([['learn', { ...IN, user }]])
  })

  test.each([
    ['expiring', true],
    ['extended', false],
  ])('of time (%s) change the times and the warning', (name, expiring) => {
    const [call] = take(IN, name, toldSession('alice', 60))
    expect(call).toEqual(['learn', { ...IN, expiring, idleExpiresAt: expect.any(Number), absoluteExpiresAt: expect.any(Number) }])
  })

  test.each(['message', 'news-of-later', 'claims-changed'])('that say nothing of use change nothing: %s', (name) =>
    expect(take(IN, name, null)).toEqual([]),
  )

  test.each(['expiring', 'extended', 'claims-changed'])('make nobody signed in (%s)', (name) =>
    expect(take({ state: 'signed-out', reason: 'idle' }, name, { ...toldSession('bob') })).toEqual([]),
  )
})
