import { describe, expect, test } from '@jest/globals'
import type { AccessToken, GrantRecord, LiveSession } from '../../../src/session/records.ts'
import { createReplaceGrant } from '../../../src/session/replace-grant.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

const HOUR = 3_600_000

/** A store that holds a session's grant, at version 1, and the way to replace it. */
async function setUp(wrap: (store: Store) => Partial<Store> = () => ({})) {
  const { keys, seals, now } = sessionParts()
  const memory = createMemoryStore({ mostRecords: 100, now })
  const store = { ...memory, ...wrap(memory) }
  const session = makeSession()
  const { ticket } = session
  const forgotten: string[] = []
  const replace = createReplaceGrant(store, keys, seals, (id) => forgotten.push(id))
  const key = keys.grant(ticket.id)
  const put = ({ grant }: LiveSession) => memory.write(key, seals.sealGrant(ticket, grant), HOUR)
  const stored = async () => {
    const [text] = await memory.read([key])
    return text === undefined ? undefined : seals.openGrant(ticket, text)
  }
  await put(session)
  return { store, memory, session, key, replace, put, stored, forgotten }
}

function renewed(session: LiveSession, grant: Partial<GrantRecord>): LiveSession {
  return { ...session, grant: { ...session.grant, ...grant } }
}

function atVersion(session: LiveSession, version: number, by = 'here'): LiveSession {
  const accessToken = `access-${version}-${by}` as AccessToken
  return renewed(session, { version, accessToken, refreshToken: `refresh-${version}-${by}` })
}

describe('a renewed grant', () => {
  test('is written over the one that it was made from, and the cache forgets that', async () => {
    const { session, replace, stored, forgotten } = await setUp()
    expect(await replace(atVersion(session, 2))).toBe('written')
    expect(await stored()).toMatchObject({ version: 2, refreshToken: 'refresh-2-here' })
    expect(forgotten).toEqual([session.ticket.id])
  })

  test('is not written where there is none any more: nothing is ever created', async () => {
    const { session, replace, stored, memory, key, forgotten } = await setUp()
    await memory.remove([key])
    expect(await replace(atVersion(session, 2))).toBe('absent')
    expect(await stored()).toBeUndefined()
    expect(forgotten).toEqual([session.ticket.id])
  })

  test('that was written although the answer was lost counts as written when it is asked for again', async () => {
    const lost = { answers: 1 }
    const { session, replace, stored } = await setUp((store) => ({
      async swap(...given) {
        const answer = await store.swap(...given)
        if (lost.answers-- > 0) throw new Error('the answer was lost')
        return answer
      },
    }))
    const next = atVersion(session, 2)
    await expect(replace(next)).rejects.toThrow('lost')
    expect(await replace(next)).toBe('written')
    expect(await stored()).toMatchObject({ refreshToken: 'refresh-2-here' })
  })

  test('gives way to one of the same version that somebody else wrote', async () => {
    const { session, replace, put, stored } = await setUp()
    await put(atVersion(session, 2, 'there'))
    expect(await replace(atVersion(session, 2))).toBe('conflict')
    expect(await stored()).toMatchObject({ refreshToken: 'refresh-2-there' })
  })

  test('gives way to a newer one', async () => {
    const { session, replace, put, stored } = await setUp()
    await put(atVersion(session, 5, 'there'))
    expect(await replace(atVersion(session, 3))).toBe('conflict')
    expect(await stored()).toMatchObject({ version: 5 })
  })

  test('takes the place of an older one than it was made from, which a store that lost its last writes holds', async () => {
    const { session, replace, stored } = await setUp()
    expect(await replace(atVersion(session, 7))).toBe('written')
    expect(await stored()).toMatchObject({ version: 7, refreshToken: 'refresh-7-here' })
  })

  test('gives up after a few tries where somebody writes between each look and each write', async () => {
    const swaps: number[] = []
    const { session, replace } = await setUp(() => ({
      async swap(_, expected) {
        swaps.push(expected)
        return 'conflict'
      },
    }))
    expect(await replace(atVersion(session, 7))).toBe('conflict')
    expect(swaps).toEqual([6, 1, 1])
  })

  test('is not written over what cannot be opened here, and that is no conflict', async () => {
    const { session, replace, memory, key } = await setUp()
    await memory.write(key, '1:1.unknown.abcdefgh', HOUR)
    await expect(replace(atVersion(session, 7))).rejects.toMatchObject({ code: 'record_unreadable' })
    expect(await memory.read([key])).toEqual(['1:1.unknown.abcdefgh'])
  })

  test('that ended between the write and the look is absent', async () => {
    const { session, replace } = await setUp((store) => ({
      async swap(key) {
        await store.remove([key])
        return 'conflict'
      },
    }))
    expect(await replace(atVersion(session, 2))).toBe('absent')
  })
})
