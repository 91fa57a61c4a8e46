import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { EndReason } from '../../../src/report/end-reasons.ts'
import { createBackground } from '../../../src/session/background.ts'
import type { GrantReplacement } from '../../../src/session/replace-grant.ts'
import { createKeepRenewed } from '../../../src/tokens/keep-renewed.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const AWAY = new GatewayError('store_unavailable', { note: 'swap: away' })

/** What is done with a renewed grant, in its order. */
function setUp(first: GrantReplacement | Error, later: GrantReplacement | Error = 'written', opening?: Error | EndReason) {
  const { report, reported } = sessionParts()
  const background = createBackground(report)
  const done: string[] = []
  const session = makeSession({ version: 2 })
  const storeIsBack = Promise.withResolvers<void>()
  const say = (word: string) => void done.push(word)
  const keep = createKeepRenewed({
    async replaceGrant() {
      say('write')
      if (first instanceof Error) throw first
      return first
    },
    async writeLater() {
      await storeIsBack.promise
      say('write later')
      if (later instanceof Error) throw later
      return later
    },
    holdGrant: () => say('hold'),
    async findAnew() {
      say('open again')
      if (opening instanceof Error) throw opening
      if (opening !== undefined) return { kind: 'ended', reason: opening }
      return { kind: 'live', session }
    },
    renewed: { written: () => say('written'), forget: () => say('forget') },
    revokeTokens: () => say('revoke'),
    inBackground: background.run,
    report,
  })
  const told = () => reported.map(({ name, fields }) => ('state' in fields ? fields.state : name))
  return {
    done,
    told,
    reported,
    keep: () => keep(session, async () => say('release')),
    storeComesBack: async () => {
      storeIsBack.resolve()
      await background.idle()
    },
  }
}

describe('a renewed grant', () => {
  test('is in the store before anything else uses it, and at hand again for the next request', async () => {
    const { keep, done, told } = setUp('written')
    expect(await keep()).toBe('written')
    // The lease is given back by who took it.
    expect(done).toEqual(['write', 'written', 'open again'])
    expect(told()).toEqual([])
  })

  test.each([
    ['which weather only puts off', AWAY, []],
    ['where a fault of ours is told', new TypeError('a mistake'), ['unexpected_error']],
  ])('is written whatever becomes of opening it again, %s', async (_, failure, expected) => {
    const { keep, told, storeComesBack } = setUp('written', 'written', failure)
    expect(await keep()).toBe('written')
    await storeComesBack()
    expect(told()).toEqual(expected)
  })

  test('that gives way to another is forgotten, and not revoked: the other may be of the same family', async () => {
    const { keep, done } = setUp('conflict')
    expect(await keep()).toBe('conflict')
    expect(done).toEqual(['write', 'forget'])
  })

  test.each(['signed_out', 'ended_by_provider', AWAY] as const)(
    'of a session that has ended is forgotten and revoked (%s)',
    async (ending) => {
      const { keep, done, storeComesBack } = setUp('absent', 'written', ending)
      expect(await keep()).toBe('absent')
      await storeComesBack()
      expect(done).toEqual(['write', 'forget', 'open again', 'revoke'])
    },
  )

  test('of a session whose place another has taken is not revoked: that one may share its grant', async () => {
    const { keep, done, storeComesBack } = setUp('absent', 'written', 'replaced')
    expect(await keep()).toBe('absent')
    await storeComesBack()
    expect(done).toEqual(['write', 'forget', 'open again'])
  })

  test('that the store does not take is held and used, written later, and only then is the lease given back', async () => {
    const { keep, done, told, reported, storeComesBack } = setUp(AWAY)
    expect(await keep()).toBe('held')
    expect(done).toEqual(['write', 'hold'])
    expect(reported).toMatchObject([
      { name: 'renewed_grant', fields: { state: 'held', subject: 'ada', note: expect.any(String) } },
    ])
    await storeComesBack()
    expect(done).toEqual(['write', 'hold', 'write later', 'written', 'open again', 'release'])
    expect(told()).toEqual(['held', 'written'])
  })

  test.each([
    ['conflict', ['forget', 'release']],
    ['absent', ['forget', 'open again', 'release', 'revoke']],
  ] as const)('that was held may come too late: %s', async (later, then) => {
    const { keep, done, told, storeComesBack } = setUp(AWAY, later)
    await keep()
    await storeComesBack()
    expect(done).toEqual(['write', 'hold', 'write later', ...then])
    expect(told()).toEqual(['held', later])
  })

  test('is held too where the store cannot be read', async () => {
    expect(await setUp(new GatewayError('record_unreadable')).keep()).toBe('held')
  })

  test('is not held where the fault is ours, which is told', async () => {
    const { keep, done } = setUp(new TypeError('a mistake'))
    await expect(keep()).rejects.toThrow(TypeError)
    expect(done).toEqual(['write'])
  })

  test('that was held and meets a fault of ours gives the lease back all the same, and the fault is told', async () => {
    const { keep, done, told, storeComesBack } = setUp(AWAY, new TypeError('a mistake'))
    await keep()
    await storeComesBack()
    expect(done).toEqual(['write', 'hold', 'write later', 'release'])
    expect(told()).toEqual(['held', 'unexpected_error'])
  })
})
