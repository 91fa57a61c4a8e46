import { describe, expect, test } from '@jest/globals'
import { writeNews } from '../../../src/live/event-text.ts'
import { newsSince } from '../../../src/live/news.ts'
import { parseEventId, toldOf, writeEventId } from '../../../src/live/told.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const AHEAD = 300_000
const HOUR = 3_600_000

function begin({ ahead = AHEAD, lasts = 12 * HOUR } = {}) {
  const { clock, now, lifetimes } = sessionParts()
  const made = makeSession()
  const session = { ...made, record: { ...made.record, absoluteExpiresAt: clock.at + lasts } }
  let told = toldOf(session)
  /** What a page is told that comes back each time, with nothing but the id of the last event. */
  function tell(idleExpiresAt: number | undefined, known = session) {
    const news = newsSince(told, { session: known, idleExpiresAt }, { lifetimes, expiringAheadMilliseconds: ahead, now })
    const next = news.at(-1)?.told ?? told
    told = parseEventId(writeEventId(next)) ?? toldOf(known)
    return news.map(({ event }) => event)
  }
  return { clock, session, tell, endsAt: session.record.absoluteExpiresAt }
}

describe('the news of a session', () => {
  test('are none where nothing happened', () => {
    const { clock, tell } = begin()
    expect(tell(clock.at + HOUR)).toEqual([])
    expect(tell(undefined)).toEqual([])
  })

  test('warn once when the end is near, say once that there is more time, and warn again', () => {
    const { clock, tell } = begin()
    const end = clock.at + HOUR
    clock.at = end - AHEAD - 1
    expect(tell(end)).toEqual([])
    clock.at += 1
    expect([tell(end), tell(end)]).toEqual([['expiring'], []])
    expect([tell(end + HOUR), tell(end + HOUR)]).toEqual([['extended'], []])
    expect(tell(end + 2 * HOUR)).toEqual([])
    clock.at = end + 2 * HOUR - AHEAD
    expect(tell(end + 2 * HOUR)).toEqual(['expiring'])
  })

  test('warn again at once where there is more time, and short time all the same', () => {
    const { clock, tell, endsAt } = begin({ lasts: 250_000 })
    expect(tell(clock.at + 100_000)).toEqual(['expiring'])
    expect([tell(endsAt), tell(endsAt)]).toEqual([['extended', 'expiring'], []])
    expect(tell(endsAt + HOUR)).toEqual([])
  })

  test('warn again where the end has come forward', () => {
    const { clock, tell } = begin()
    expect([tell(clock.at + 200_000), tell(clock.at + 100_000), tell(clock.at + 100_000)]).toEqual([
      ['expiring'],
      ['expiring'],
      [],
    ])
  })

  test('warn of a session whose own idle time is short no sooner than half of that before its end', () => {
    const { clock, session, tell } = begin()
    const strict = { ...session, grant: { ...session.grant, idleTimeoutMilliseconds: 200_000 } }
    const end = clock.at + 200_000
    clock.at = end - 100_001
    expect(tell(end, strict)).toEqual([])
    clock.at += 1
    expect(tell(end, strict)).toEqual(['expiring'])
  })

  test('hold no warning where none is wished', () => {
    const { clock, tell } = begin({ ahead: 0 })
    expect(tell(clock.at)).toEqual([])
  })

  test('hold claims that changed, once, and leave a warning as it was', () => {
    const { clock, session, tell } = begin()
    const end = clock.at + 1000
    const renewed = { ...session, grant: { ...session.grant, claims: { sub: 'ada', name: 'Ada' } } }
    expect(tell(end)).toEqual(['expiring'])
    expect([tell(undefined, renewed), tell(end, renewed)]).toEqual([['claims-changed'], []])
  })

  test('say that it is another person, and begin anew with them', () => {
    const { clock, session, tell } = begin()
    const end = clock.at + 1000
    const another = { ...session, record: { ...session.record, subject: 'bob' } }
    expect(tell(end)).toEqual(['expiring'])
    expect([tell(end, another), tell(end, another)]).toEqual([['user-changed', 'expiring'], []])
    const elsewhere = { ...another, record: { ...another.record, issuer: 'https://other.example' } }
    expect(tell(end, elsewhere)).toEqual(['user-changed', 'expiring'])
  })

  test('carry each the id of what is known with it, so that a stream may break off between two', () => {
    const { clock, session } = begin({ lasts: 250_000 })
    const { lifetimes } = sessionParts()
    const known = { session, idleExpiresAt: session.record.absoluteExpiresAt }
    const told = { ...toldOf(session), warnedOf: clock.at + 1000 }
    const text = writeNews(newsSince(told, known, { lifetimes, expiringAheadMilliseconds: AHEAD, now: () => clock.at }))
    const [first, second] = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => parseEventId(id))
    expect([first?.warnedOf, second?.warnedOf]).toEqual([undefined, session.record.absoluteExpiresAt])
  })
})

test.each(['', 'x', 'a.b.c', `${'a'.repeat(16)}.${'b'.repeat(16)}.-1`, `${'a'.repeat(16)}.${'b'.repeat(16)}.0 `, '\n'])(
  'what is no id of ours tells nothing: %j',
  (text) => expect(parseEventId(text)).toBeUndefined(),
)
