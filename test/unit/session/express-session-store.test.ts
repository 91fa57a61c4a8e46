import { describe, expect, test } from '@jest/globals'
import session from 'express-session'
import { makeSessionSecret } from '../../../src/security/session-secret.ts'
import { ExpressSessionStore } from '../../../src/session/express-session-store.ts'
import { createExpressStoreClient } from '../../../src/session/express-store-client.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { makeSession, sessionParts } from '../../support/session-parts.ts'

/** What express-session hands over: any plain object, as far as its store is concerned. */
const makeData = (): session.SessionData =>
  Object.assign(JSON.parse('{}'), { cookie: new session.Cookie(), record: makeSession().record })

function setUp() {
  const { keys, seals, now } = sessionParts()
  const asked: string[] = []
  const memory = createMemoryStore({ mostRecords: 100, now })
  const store: typeof memory = {
    ...memory,
    read: (names) => {
      asked.push(...names)
      return memory.read(names)
    },
    write: (key, ...rest) => {
      asked.push(key)
      return memory.write(key, ...rest)
    },
    remove: (names) => {
      asked.push(...names)
      return memory.remove(names)
    },
  }
  const client = createExpressStoreClient(store, keys, seals)
  return { client, asked, sessions: new ExpressSessionStore(client, () => 60_000) }
}

describe('the records of express-session', () => {
  test('are never written over one that stands, by a session that is new', async () => {
    const { sessions } = setUp()
    const secret = makeSessionSecret()
    await sessions.set(secret, makeData())
    await expect(sessions.set(secret, makeData())).rejects.toMatchObject({ code: 'internal' })
  })

  test.each(['', '*', 'short', '../../x', 'a\r\nb', '\u0000'.repeat(43), 'x'.repeat(1_000_000)])(
    'are asked for by nothing that is no secret of ours',
    async (text) => {
      const { client, asked } = setUp()
      expect(await client.get(text)).toBeNull()
      expect(await client.set(text, '{}', 1_000, 'absent')).toBe(false)
      expect(await client.del([text])).toBe(0)
      expect(asked).toEqual([])
    },
  )

  test('are named by a hash of the secret, and can be removed by it', async () => {
    const { client, asked } = setUp()
    const secret = makeSessionSecret()
    expect(await client.set(secret, '{}', 1_000, 'absent')).toBe(true)
    expect(await client.get(secret)).toBe('{}')
    expect(await client.del([secret])).toBe(1)
    expect(await client.get(secret)).toBeNull()
    expect(asked.join(' ')).not.toContain(secret)
  })
})
