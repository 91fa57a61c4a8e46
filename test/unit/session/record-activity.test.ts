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

describe('what is remembered of somebody’s activity', () => {
  test('is kept until they are idle, and never beyond the end of their session', async () => {
    const { keys, lifetimes, now, clock, idleTimeoutMilliseconds } = sessionParts()
    const kept: number[] = []
    const store = createMemoryStore({ mostRecords: 10, now })
    const { record, ...rest } = makeSession()
    const session = { ...rest, record: { ...record, absoluteExpiresAt: clock.at + 2.5 * idleTimeoutMilliseconds } }
    const activity = createRecordActivity({
      cache: { peek: () => undefined, forget: () => undefined },
      store: {
        ...store,
        write: (key, value, lifetimeMilliseconds, when) => {
          kept.push(lifetimeMilliseconds)
          return store.write(key, value, lifetimeMilliseconds, when)
        },
      },
      keys,
      lifetimes,
      now,
    })
    await activity.extended(session)
    clock.at += 2 * idleTimeoutMilliseconds
    await activity.extended(session)
    expect(kept).toEqual([idleTimeoutMilliseconds, idleTimeoutMilliseconds / 2])
  })
})
