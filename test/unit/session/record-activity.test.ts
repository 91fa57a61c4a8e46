import { describe, expect, test } from '@jest/globals'
import type { OpenedSession } from '../../../src/session/open-session.ts'
import { createRecordActivity } from '../../../src/session/record-activity.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

describe('a session that is cached here and has run out elsewhere', () => {
  test('is forgotten as soon as somebody is seen in it, and is not brought back', async () => {
    const { keys, lifetimes, now, clock, idleTimeoutMilliseconds } = sessionParts()
    const store = createMemoryStore({ mostRecords: 10, now })
    const session = makeSession()
    const opened: OpenedSession = {
      session,
      verdict: { kind: 'live', session },
      endsAt: session.record.absoluteExpiresAt,
      idleMilliseconds: idleTimeoutMilliseconds,
      seen: { seenAt: clock.at, keptUntil: clock.at + 2 * idleTimeoutMilliseconds },
    }
    const forgotten: string[] = []
    const activity = createRecordActivity({
      cache: { peek: () => opened, forget: (id) => void forgotten.push(id) },
      store,
      keys,
      lifetimes,
      now,
    })
    clock.at += 120_000
    await activity.extended(session)
    activity.noted(session)
    expect(forgotten).toEqual([session.ticket.id])
    expect(await store.read([keys.seen(session.ticket.id)])).toEqual([undefined])
  })
})
