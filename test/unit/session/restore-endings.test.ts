import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { createLeftReason } from '../../../src/session/ending-reason.ts'
import { createEndSession } from '../../../src/session/end-session.ts'
import { hearEndings } from '../../../src/session/hear-endings.ts'
import { createReadListed } from '../../../src/session/listed-sessions.ts'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import type { SessionId } from '../../../src/session/records.ts'
import { restoreEndings } from '../../../src/session/restore-endings.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeTicket, sessionParts } from '../../support/session-parts.ts'
import { until } from '../../support/until.ts'

const HOUR = 3_600_000

function refuseIf(isBad: boolean): void {
  if (isBad) throw new GatewayError('store_unavailable')
}

function begin() {
  const { clock, keys, seals, lifetimes, report, reported, now } = sessionParts()
  const memory = createMemoryStore({ mostRecords: 100_000, now })
  const listeners: ((key: string | undefined) => void)[] = []
  const reads: number[] = []
  const weather = { isAway: false, isFull: false }
  const store: typeof memory = {
    ...memory,
    watch: (listener) => void listeners.push(listener),
    async read(names) {
      refuseIf(weather.isAway)
      reads.push(names.length)
      return memory.read(names)
    },
    async removeLeaving(names, trace) {
      refuseIf(weather.isAway || weather.isFull)
      return memory.removeLeaving(names, trace)
    },
  }
  const endings = createRecentEndings(now)
  const background: Promise<void>[] = []
  const unknown: SessionId[] = []
  const inBackground = (work: Promise<void>) => void background.push(work)
  const onEnded = endings.remember
  const endSession = createEndSession({ store, keys, forget: () => undefined, onEnded, report })
  const readListed = createReadListed({ store, keys, seals, lifetimes, now })
  hearEndings({
    store,
    keys,
    leftReason: createLeftReason(store, keys),
    onEnded,
    onUnknown: unknown.push.bind(unknown),
    inBackground,
  })
  const restored = restoreEndings({ store, keys, endings, readListed, endSession, inBackground })

  /** Records, as a store that has lost their ending brings them back. */
  async function bringBack(id: SessionId): Promise<void> {
    await memory.remove([keys.ended(id)])
    const about = {
      handle: 'handle',
      issuer: 'https://idp.example',
      subject: 'ada',
      providerSession: 'sid-1',
      createdAt: clock.at,
      loginStartedAt: clock.at,
      userAgent: '',
      network: undefined,
    }
    for (const [key, value] of [
      [keys.session(id), 'sealed'],
      [keys.about(id), seals.sealAbout(id, about)],
    ] as const)
      await memory.write(key, value, HOUR)
    await memory.addMember(keys.user('https://idp.example', 'ada'), id, clock.at + HOUR, 1_000)
  }
  const tell = (key: string | undefined) => listeners.forEach((listener) => listener(key))
  const isThere = async (id: SessionId) => (await memory.read([keys.session(id)]))[0] !== undefined
  return { clock, keys, memory, endings, weather, reads, reported, background, unknown, restored, bringBack, tell, isThere }
}

describe('endings that a store has lost', () => {
  test('stand again once it is found: the sessions that are back, by their reason, and no others', async () => {
    const { keys, memory, endings, reported, bringBack, tell, isThere, background } = begin()
    const [back, gone, other] = [makeTicket().id, makeTicket().id, makeTicket().id]
    endings.remember(back, 'ended_by_provider')
    endings.remember(gone, 'signed_out')
    await Promise.all([bringBack(back), bringBack(other)])
    tell(keys.grant(other))
    expect(background).toEqual([])
    tell(undefined)
    await until('it is gone again', async () => !(await isThere(back)))
    await Promise.all(background)
    expect(await memory.read([keys.ended(back), keys.ended(gone), keys.ended(other)])).toEqual([
      'ended_by_provider',
      undefined,
      undefined,
    ])
    expect(await isThere(other)).toBe(true)
    const fields = { session: back.slice(0, 12), subject: 'ada', reason: 'ended_by_provider' }
    expect(reported).toEqual([{ name: 'session_ended', fields }])
    expect(await memory.members(keys.user('https://idp.example', 'ada'))).toEqual([other])
  })

  test.each(['isAway', 'isFull'] as const)('are tried again until the store takes them (%s)', async (how) => {
    const { endings, weather, bringBack, tell, isThere, background, restored } = begin()
    const { id } = makeTicket()
    endings.remember(id, 'revoked')
    await bringBack(id)
    weather[how] = true
    tell(undefined)
    await until('it was tried several times', () => background.length > 3)
    expect(await isThere(id)).toBe(true)
    weather[how] = false
    await until('it is gone again', async () => !(await isThere(id)))
    restored.stop()
  })

  test('are looked for a hundred at a time, and each once', async () => {
    const { endings, reads, tell, background } = begin()
    for (let n = 0; n < 250; n += 1) endings.remember(makeTicket().id, 'idle')
    tell(undefined)
    await Promise.all(background)
    expect(reads).toEqual([100, 100, 50])
  })

  test('are forgotten with their memory, and given up when the gateway stops', async () => {
    const { clock, endings, weather, bringBack, tell, isThere, background, restored } = begin()
    const { id } = makeTicket()
    endings.remember(id, 'idle')
    await bringBack(id)
    clock.at += 15 * 60_000
    endings.prune()
    tell(undefined)
    expect([background.length, await isThere(id)]).toEqual([0, true])

    endings.remember(id, 'idle')
    weather.isAway = true
    tell(undefined)
    await Promise.all(background)
    restored.stop()
    weather.isAway = false
    await new Promise((resolve) => setTimeout(resolve, 1))
    expect([background.length, await isThere(id)]).toEqual([1, true])
  })
})

describe('an ending in another instance', () => {
  test('is remembered here by what it left, and nothing is made up where it left nothing', async () => {
    const { keys, memory, endings, tell, background } = begin()
    const [ann, bob] = [makeTicket().id, makeTicket().id]
    await memory.write(keys.ended(ann), 'replaced', HOUR)
    tell(keys.ended(ann))
    tell(keys.ended(bob))
    tell(keys.session(bob))
    await Promise.all(background)
    expect([endings.reasonOf(ann), endings.reasonOf(bob)]).toEqual(['replaced', undefined])
  })

  test('that cannot be asked for is no ending, and no fault, and whatever is open is asked about later', async () => {
    const { keys, endings, weather, tell, background, unknown } = begin()
    const { id } = makeTicket()
    weather.isAway = true
    tell(keys.ended(id))
    await Promise.all(background)
    expect([endings.reasonOf(id), unknown]).toEqual([undefined, [id]])
  })
})
