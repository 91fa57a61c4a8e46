import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { LiveSession } from '../../../src/session/records.ts'
import type { GrantReplacement } from '../../../src/session/replace-grant.ts'
import { createWriteLater } from '../../../src/tokens/write-later.ts'
import { makeSession } from '../../support/session-parts.ts'

const AWAY = new GatewayError('store_unavailable')

/** A store that fails as often as it is told, and then answers. */
function setUp(times: number, error: Error, answer: GrantReplacement = 'written') {
  const clock = { at: 0 }
  const tries: LiveSession[] = []
  const writeLater = createWriteLater({
    now: () => clock.at,
    async replaceGrant(session) {
      tries.push(session)
      if (tries.length <= times) throw error
      return answer
    },
  })
  return { clock, tries, writeLater }
}

describe('renewed tokens that the store did not take', () => {
  test('are written again and again while it is away, since the old refresh token is spent', async () => {
    const { tries, writeLater } = setUp(3, AWAY)
    const session = makeSession({ version: 2 })
    await expect(writeLater(session)).resolves.toBe('written')
    expect(tries).toEqual([session, session, session, session])
  })

  test('are written again where it cannot be read what stands there, too', async () => {
    const { tries, writeLater } = setUp(1, new GatewayError('record_unreadable'))
    await expect(writeLater(makeSession())).resolves.toBe('written')
    expect(tries).toHaveLength(2)
  })

  test.each<GrantReplacement>(['conflict', 'absent'])('are met as they stand: %s', async (answer) => {
    const { tries, writeLater } = setUp(1, AWAY, answer)
    await expect(writeLater(makeSession())).resolves.toBe(answer)
    expect(tries).toHaveLength(2)
  })

  test('are nobody’s once the session would have ended anyway', async () => {
    const { clock, tries, writeLater } = setUp(Infinity, AWAY)
    const made = makeSession()
    const session = { ...made, record: { ...made.record, absoluteExpiresAt: 1_000 } }
    const writing = writeLater(session)
    while (tries.length < 2) await new Promise(setImmediate)
    clock.at = 1_000
    await expect(writing).resolves.toBe('absent')
    expect(tries).toHaveLength(2)
  })

  test('are not tried again where the fault is ours', async () => {
    const { tries, writeLater } = setUp(1, new TypeError('a mistake'))
    await expect(writeLater(makeSession())).rejects.toThrow(TypeError)
    expect(tries).toHaveLength(1)
  })

  test('are not tried again where the fault is no weather of the store', async () => {
    const { tries, writeLater } = setUp(1, new GatewayError('internal'))
    await expect(writeLater(makeSession())).rejects.toMatchObject({ code: 'internal' })
    expect(tries).toHaveLength(1)
  })
})
