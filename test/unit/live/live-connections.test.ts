import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import { createLiveConnections } from '../../../src/live/live-connections.ts'
import type { KnownSession, LiveConnection, LiveEnding, LiveKind } from '../../../src/live/live-connection.ts'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import type { LiveSession, Verdict } from '../../../src/session/records.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const IDLE = 3_600_000
const GRACE = 10_000

interface World {
  /** What the store says of activity, or throws. */
  idleDeadline?: () => Promise<number | undefined>
  verdict?: () => Promise<Verdict>
  /** The verdict on a session of which something opens, where it is another. */
  verdictAtOpening?: () => Promise<Verdict>
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

function begin(world: World = {}) {
  const { clock, now, report, reported, lifetimes, keys } = sessionParts()
  const link = { live: true, certainAt: Infinity, foundAgainAt: -Infinity, tells: true }
  const heard: ((key: string | undefined) => void)[] = []
  const asked = { deadlines: 0, verdicts: 0 }
  const written: number[] = []
  let opening: LiveSession | undefined
  const endings = createRecentEndings(now)
  const live = createLiveConnections({
    findSession(ticket) {
      const live: Verdict = { kind: 'live', session: opening ?? makeSession({}, ticket) }
      if (opening) return world.verdictAtOpening?.() ?? live
      asked.verdicts += 1
      return world.verdict?.() ?? live
    },
    activity: {
      extended: async () => {
        written.push(clock.at)
        return undefined
      },
      idleDeadline: async () => {
        asked.deadlines += 1
        return world.idleDeadline?.()
      },
    },
    store: { watch: (listener) => void heard.push(listener), link },
    keys,
    lifetimes,
    endings,
    expiringAheadMilliseconds: 300_000,
    outageGraceMilliseconds: GRACE,
    report,
    now,
  })
  const hear = (key: string | undefined) => heard.forEach((listener) => listener(key))

  function open(session: LiveSession | undefined, kind: LiveKind = 'tunnel') {
    const endings: LiveEnding[] = []
    const looks: number[] = []
    const connection: LiveConnection = { kind, session, end: (ending) => endings.push(ending), look: (at) => looks.push(at) }
    opening = session
    const leave = live.enter(connection)
    opening = undefined
    return { endings, looks, leave }
  }
  return { clock, live, endings, open, asked, written, reported, hear, link, keys }
}

describe('while the store is away', () => {
  test.each<LiveKind>(['tunnel', 'stream', 'answer'])(
    'a %s goes on for the grace, and no longer: nobody knows whose session it is',
    (kind) => {
      const { live, open, clock, link } = begin()
      const [tunnel, public_] = [open(makeSession(), kind), open(undefined, kind)]
      live.sweep()
      live.sweep()
      Object.assign(link, { live: false, certainAt: clock.at })
      clock.at += GRACE - 1
      live.sweep()
      expect(tunnel.endings).toEqual([])
      clock.at += 1
      live.sweep()
      expect(tunnel.endings).toEqual([{ kind: 'session_unknown' }])
      expect(public_.endings).toEqual([])
    },
  )

  test('what was there before goes on where it is found again within the grace', () => {
    const { live, open, clock, link } = begin()
    const tunnel = open(makeSession())
    Object.assign(link, { live: false, certainAt: clock.at })
    clock.at += GRACE - 1
    live.sweep()
    Object.assign(link, { live: true, certainAt: clock.at })
    clock.at += GRACE
    live.sweep()
    expect(tunnel.endings).toEqual([])
  })
})

const SIGNED_OUT: LiveEnding = { kind: 'session_ended', reason: 'signed_out' }

describe('open connections', () => {
  test.each<LiveKind>(['tunnel', 'stream', 'answer'])('of a session end with it: a %s', (kind) => {
    const { live, open } = begin()
    const [ann, bob] = [makeSession(), makeSession()]
    const [first, second, other] = [open(ann, kind), open(ann, kind), open(bob, kind)]
    live.close(ann.ticket.id, 'signed_out')
    expect([first.endings, second.endings, other.endings]).toEqual([[SIGNED_OUT], [SIGNED_OUT], []])
  })

  test('end with it although they have been open for long', () => {
    const { live, open, clock } = begin()
    const session = makeSession()
    const answer = open(session, 'answer')
    for (let second = 0; second < 5; second += 1) {
      clock.at += 1000
      live.sweep()
    }
    expect(live.count('answer')).toBe(1)
    live.close(session.ticket.id, 'signed_out')
    expect(answer.endings).toEqual([SIGNED_OUT])
  })

  test('that are over are forgotten, at any age, and told of nothing', () => {
    const { live, open } = begin()
    const session = makeSession()
    const [tunnel, young, old] = [open(session), open(session, 'answer'), open(session, 'answer')]
    young.leave()
    live.sweep()
    live.sweep()
    tunnel.leave()
    tunnel.leave()
    old.leave()
    live.close(session.ticket.id, 'signed_out')
    expect([tunnel.endings, young.endings, old.endings]).toEqual([[], [], []])
    expect([live.count('tunnel'), live.count('answer'), live.countOf(session.ticket.id, 'tunnel')]).toEqual([0, 0, 0])
  })

  test('that were let in before their session ended, and open only then, end at once', () => {
    const { live, endings, open } = begin()
    const session = makeSession()
    endings.remember(session.ticket.id, 'replaced')
    const late = open(session)
    expect(late.endings).toEqual([{ kind: 'session_ended', reason: 'replaced' }])
    expect(live.count('tunnel')).toBe(0)
  })

  test.each<LiveKind>(['tunnel', 'stream', 'answer'])(
    'that were let in before their session was found to have ended, and open while others of it still close, end too: a %s',
    async (kind) => {
      const { live, open, hear } = begin({ verdict: async () => ({ kind: 'ended', reason: 'replaced' }) })
      const session = makeSession()
      const slow = open(session, 'stream')
      await settled()
      // The store was lost and is found again: what left the session's ending was not heard.
      hear(undefined)
      live.sweep()
      await settled()
      const late = open(session, kind)
      live.sweep()
      live.sweep()
      await settled()
      const replaced: LiveEnding = { kind: 'session_ended', reason: 'replaced' }
      expect([slow.endings[0], late.endings[0]]).toEqual([replaced, replaced])
    },
  )

  test('are counted by kind, and by session', () => {
    const { live, open } = begin()
    const session = makeSession()
    open(session)
    open(session)
    open(session, 'stream')
    open(undefined)
    expect([live.count('tunnel'), live.count('stream')]).toEqual([3, 1])
    expect(live.countOf(session.ticket.id, 'tunnel')).toBe(2)
  })

  test('are looked at by each sweep', () => {
    const { live, open, clock } = begin()
    const tunnel = open(undefined)
    live.sweep()
    expect(tunnel.looks).toEqual([clock.at])
  })

  test('make way when the instance goes away, and so do those that come later; other answers are finished', () => {
    const { live, open } = begin()
    const [tunnel, stream, answer] = [open(makeSession()), open(undefined, 'stream'), open(makeSession(), 'answer')]
    live.sweep()
    live.sweep()
    live.goAway()
    const late = open(makeSession())
    expect([tunnel.endings, stream.endings, answer.endings, late.endings]).toEqual([
      [{ kind: 'going_away' }],
      [{ kind: 'going_away' }],
      [],
      [{ kind: 'going_away' }],
    ])
  })
})

describe('a session with open connections', () => {
  test('that nobody has used for the idle time ends as idle, on the store’s word', async () => {
    const { live, open, clock } = begin({ verdict: async () => ({ kind: 'ended', reason: 'idle' }) })
    const tunnel = open(makeSession())
    clock.at += IDLE
    live.sweep()
    await settled()
    expect(tunnel.endings).toEqual([{ kind: 'session_ended', reason: 'idle' }])
  })

  test('that was seen by another instance goes on, and is asked for again only when that runs out', async () => {
    const world: World = {}
    const { live, open, clock, asked } = begin(world)
    const tunnel = open(makeSession())
    const until = clock.at + 2 * IDLE
    world.idleDeadline = async () => until
    for (; clock.at < until - 1000; clock.at += 60_000) {
      live.sweep()
      // oxlint-disable-next-line no-await-in-loop -- one sweep after the other
      await settled()
    }
    expect(tunnel.endings).toEqual([])
    expect(asked).toEqual({ deadlines: 1, verdicts: 1 })
    world.verdict = async () => ({ kind: 'ended', reason: 'idle' })
    clock.at = until
    live.sweep()
    await settled()
    expect(tunnel.endings).toEqual([{ kind: 'session_ended', reason: 'idle' }])
  })

  test('is asked for once, however many connections it has and however long the answer takes', async () => {
    const { live, open, clock, asked } = begin({ verdict: () => new Promise(() => undefined) })
    const session = makeSession()
    for (let count = 0; count < 5; count += 1) open(session)
    clock.at += IDLE
    live.sweep()
    live.sweep()
    await settled()
    expect(asked.verdicts).toBe(1)
  })

  test('is asked for when its end comes nearer, and ends then', async () => {
    const world: World = {}
    const { live, open, hear, keys, clock } = begin(world)
    const session = makeSession()
    const stream = open(session, 'stream')
    const record = { ...session.record, absoluteExpiresAt: clock.at + 10_000 }
    world.verdict = async () => ({ kind: 'live', session: { ...session, record } })
    hear(keys.session(session.ticket.id))
    await settled()
    await settled()
    world.verdict = async () => ({ kind: 'ended', reason: 'replaced' })
    clock.at += 9_999
    live.sweep()
    await settled()
    expect(stream.endings).toEqual([])
    clock.at += 1
    live.sweep()
    await settled()
    expect(stream.endings).toEqual([{ kind: 'session_ended', reason: 'replaced' }])
  })

  test('ends at its absolute end', async () => {
    const { live, open, clock } = begin({ verdict: async () => ({ kind: 'ended', reason: 'expired' }) })
    const session = makeSession()
    const tunnel = open({ ...session, record: { ...session.record, absoluteExpiresAt: clock.at + 5000 } })
    clock.at += 4999
    live.sweep()
    await settled()
    expect(tunnel.endings).toEqual([])
    clock.at += 1
    live.sweep()
    await settled()
    expect(tunnel.endings).toEqual([{ kind: 'session_ended', reason: 'expired' }])
  })

  test('ends at its absolute end also while the store is away', async () => {
    const { live, open, clock } = begin({ verdict: () => Promise.reject(new GatewayError('store_unavailable')) })
    const session = makeSession()
    const tunnel = open({ ...session, record: { ...session.record, absoluteExpiresAt: clock.at + 5000 } })
    clock.at += 5000
    live.sweep()
    await settled()
    expect(tunnel.endings).toEqual([{ kind: 'session_ended', reason: 'expired' }])
  })

  test('does not end as idle while the store is away: not knowing is no ending, and it is asked again', async () => {
    const { live, open, clock, asked, reported } = begin({
      idleDeadline: () => Promise.reject(new GatewayError('store_unavailable')),
    })
    const tunnel = open(makeSession())
    for (let second = 0; second < 3; second += 1) {
      clock.at += second === 0 ? IDLE : 1000
      live.sweep()
      // oxlint-disable-next-line no-await-in-loop -- one sweep after the other
      await settled()
    }
    expect(tunnel.endings).toEqual([])
    expect(asked.deadlines).toBe(3)
    expect(reported).toEqual([])
  })

  test('whose grant brings its end forward is asked for then, and goes on with what was renewed elsewhere', async () => {
    const world: World = {}
    const { live, open, clock, asked } = begin(world)
    const session = makeSession()
    const [soon, later] = [clock.at + 5000, clock.at + 60_000]
    const tunnel = open({ ...session, grant: { ...session.grant, refreshTokenExpiresAt: soon } })
    world.idleDeadline = async () => later
    clock.at = soon - 1
    live.sweep()
    await settled()
    expect(asked.verdicts).toBe(0)
    clock.at = soon
    live.sweep()
    await settled()
    clock.at = later - 1
    live.sweep()
    await settled()
    expect([asked.verdicts, tunnel.endings]).toEqual([1, []])
  })

  test('that a refresh has made stricter is asked for at once, and is idle by its new time', async () => {
    const session = makeSession()
    const stricter = { ...session, grant: { ...session.grant, version: 2, idleTimeoutMilliseconds: 1_000 } }
    const ended: Verdict = { kind: 'ended', reason: 'idle' }
    const world: World = {
      verdict: async () => ({ kind: 'live', session: stricter }),
      idleDeadline: async () => clock.at + 1_000,
    }
    const { live, open, clock, hear, asked, keys } = begin(world)
    const { endings } = open(session)
    hear(keys.grant(session.ticket.id))
    await settled()
    expect(asked.deadlines).toBe(0)
    live.sweep()
    await settled()
    expect(asked.deadlines).toBe(1)
    world.verdict = async () => ended
    clock.at += 1_001
    live.sweep()
    await settled()
    expect(endings).toEqual([{ kind: 'session_ended', reason: 'idle' }])
  })

  test('has what nobody foresaw reported', async () => {
    const { live, open, clock, reported } = begin({ idleDeadline: () => Promise.reject(new TypeError('a fault')) })
    open(makeSession())
    clock.at += IDLE
    live.sweep()
    await settled()
    expect(reported).toMatchObject([{ name: 'unexpected_error', fields: { name: 'TypeError' } }])
  })

  test('is kept open by messages of its client, written as seldom as for requests', () => {
    const { live, open, clock, written } = begin()
    const session = makeSession()
    open(session)
    const start = clock.at
    for (; clock.at < start + 180_000; clock.at += 1000) live.noteActivity(session.ticket.id)
    expect(written.map((at) => at - start)).toEqual([60_000, 120_000])
  })
})

const REVOKED: LiveEnding = { kind: 'session_ended', reason: 'revoked' }
const ended = async (): Promise<Verdict> => ({ kind: 'ended', reason: 'revoked' })

describe('a session that ends in another instance', () => {
  test.each<LiveKind>(['tunnel', 'answer'])(
    'takes what is open here along as soon as the store tells of it: a %s',
    async (kind) => {
      const world: World = {}
      const { open, hear, keys } = begin(world)
      const [ann, bob] = [makeSession(), makeSession()]
      const [mine, other] = [open(ann, kind), open(bob, kind)]
      world.verdict = ended
      hear(keys.session(ann.ticket.id))
      await settled()
      expect([mine.endings, other.endings]).toEqual([[REVOKED], []])
    },
  )

  test('whose tokens were only renewed takes nothing along', async () => {
    const { open, hear, keys, asked } = begin()
    const session = makeSession()
    const mine = open(session)
    hear(keys.grant(session.ticket.id))
    hear(keys.seen(session.ticket.id))
    await settled()
    expect([mine.endings, asked.verdicts]).toEqual([[], 1])
  })

  test.each<LiveKind>(['tunnel', 'stream'])('before a %s opened that was let in earlier takes it along', async (kind) => {
    const { open } = begin({ verdictAtOpening: ended })
    const late = open(makeSession(), kind)
    await settled()
    expect(late.endings).toEqual([REVOKED])
  })

  test('while the store was lost is asked about once it is found again', async () => {
    const world: World = { verdict: ended }
    const { live, open, hear } = begin(world)
    const mine = open(makeSession())
    live.sweep()
    await settled()
    expect(mine.endings).toEqual([])
    hear(undefined)
    live.sweep()
    await settled()
    expect(mine.endings).toEqual([REVOKED])
  })

  test('is found within a second where the store tells of nothing', async () => {
    const { live, open, link } = begin({ verdict: ended })
    link.tells = false
    const mine = open(makeSession())
    live.sweep()
    await settled()
    expect(mine.endings).toEqual([REVOKED])
  })

  test('that nobody can be asked about lives on, and is asked about until somebody can say', async () => {
    const world: World = { verdict: () => Promise.reject(new GatewayError('store_unavailable')) }
    const { clock, live, open, hear, keys, reported } = begin(world)
    const session = makeSession()
    const mine = open(session)
    hear(keys.session(session.ticket.id))
    await settled()
    expect([mine.endings, reported]).toEqual([[], []])
    world.verdict = ended
    clock.at += 1000
    live.sweep()
    await settled()
    expect(mine.endings).toEqual([REVOKED])
  })

  test('and left its reason is not asked about: it is heard by that, or doubted', async () => {
    const { live, open, hear, keys, asked } = begin({ verdict: ended })
    const session = makeSession()
    const [mine, young] = [open(session), open(session, 'answer')]
    for (const key of [keys.session, keys.grant, keys.ended]) hear(key(session.ticket.id))
    await settled()
    expect([asked.verdicts, mine.endings]).toEqual([0, []])
    live.doubt(session.ticket.id)
    live.sweep()
    await settled()
    expect([mine.endings, young.endings]).toEqual([[REVOKED], [REVOKED]])
  })

  test('is asked about once for all that changed of it at the same time', async () => {
    const { open, hear, keys, asked } = begin()
    const session = makeSession()
    open(session)
    for (const key of [keys.session, keys.grant]) hear(key(session.ticket.id))
    await settled()
    expect(asked.verdicts).toBe(1)
  })
})

function withPage(world: World = {}) {
  const begun = begin(world)
  const known: (number | undefined)[] = []
  const session = makeSession()
  const page = { idleExpiresAt: begun.clock.at + IDLE, know: (of: KnownSession) => known.push(of.idleExpiresAt) }
  const leave = begun.live.enter({ kind: 'stream', session, end: () => undefined, page })
  return { ...begun, known, session, leave }
}

describe('a session that pages are told about', () => {
  test('is asked about when its pages are to be warned, and anew when somebody is seen from then on', async () => {
    const world: World = {}
    const { clock, live, known, session, hear, keys, asked } = withPage(world)
    const end = clock.at + IDLE
    world.idleDeadline = async () => end
    await settled()
    hear(keys.seen(session.ticket.id))
    clock.at = end - 300_001
    live.sweep()
    await settled()
    expect([known, asked.deadlines]).toEqual([[undefined], 0])
    clock.at += 1
    live.sweep()
    await settled()
    expect(known).toEqual([undefined, end])
    world.idleDeadline = async () => end + IDLE
    hear(keys.seen(session.ticket.id))
    await settled()
    expect(known).toEqual([undefined, end, end + IDLE])
    hear(keys.seen(session.ticket.id))
    await settled()
    expect(asked.deadlines).toBe(2)
  })

  test('is counted by its pages', () => {
    const { live, session, leave, open } = withPage()
    open(session, 'stream')
    expect([live.countOf(session.ticket.id, 'stream'), live.pagesOf(session.ticket.id)]).toEqual([2, 1])
    leave()
    expect(live.pagesOf(session.ticket.id)).toBe(0)
  })

  test('has them told what was missed while the store was lost', async () => {
    const world: World = {}
    const { clock, live, known, hear } = withPage(world)
    await settled()
    world.idleDeadline = async () => clock.at + 1000
    hear(undefined)
    live.sweep()
    await settled()
    expect(known).toEqual([undefined, clock.at + 1000])
  })

  test('ends as idle as soon as the store says so, without another second', async () => {
    const world: World = {}
    const { clock, live, open, asked } = withPage(world)
    const mine = open(makeSession())
    await settled()
    world.idleDeadline = async () => {
      world.verdict = async () => ({ kind: 'ended', reason: 'idle' })
      return undefined
    }
    clock.at += IDLE
    live.sweep()
    await settled()
    expect(mine.endings).toMatchObject([{ reason: 'idle' }])
    expect(asked.deadlines).toBeGreaterThan(0)
  })
})
