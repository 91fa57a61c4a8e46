import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createLoginTransactions, type LoginTransaction, makeLoginSecrets } from '../../../src/auth/login-transactions.ts'
import { HOME } from '../../../src/security/return-to.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createSealer } from '../../../src/store/sealing.ts'
import { sessionParts } from '../../support/session-parts.ts'

const MINUTE = 60_000
const BINDING = { browser: 'browser', secret: 'binding-1' }

function setUp() {
  const { clock, now, secrets, namespace } = sessionParts()
  const written = new Map<string, string>()
  const memory = createMemoryStore({ mostRecords: 100, now })
  const store: typeof memory = {
    ...memory,
    write: (key, value, ...rest) => {
      written.set(key, value)
      return memory.write(key, value, ...rest)
    },
  }
  const sealer = createSealer({ secrets, namespace })
  const transactions = createLoginTransactions({ store, sealer, namespace, lifetimeMilliseconds: 10 * MINUTE })
  return { clock, transactions, written, sealer, store }
}

const transaction: LoginTransaction = {
  issuer: 'https://idp.example',
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'verifier-1',
  acrValues: undefined,
  maxAgeSeconds: undefined,
  returnTo: HOME,
  startedAt: 0,
  replaces: undefined,
  isRemembered: false,
  spent: [{ counter: 'limit:1' }, undefined],
}

describe('a login transaction', () => {
  test('is taken once, whole', async () => {
    const { transactions } = setUp()
    await transactions.open(transaction, BINDING)
    const { spent: _, acrValues: _acr, maxAgeSeconds: __, replaces: ___, ...said } = transaction
    expect(await transactions.take('state-1', BINDING)).toMatchObject(said)
    expect(await transactions.take('state-1', BINDING)).toBeUndefined()
  })

  test('is taken by one of many who come at once', async () => {
    const { transactions } = setUp()
    await transactions.open(transaction, BINDING)
    const taken = await Promise.all(Array.from({ length: 10 }, () => transactions.take('state-1', BINDING)))
    expect(taken.filter((each) => each !== undefined)).toHaveLength(1)
  })

  test('is missed by another browser and by another state, and is there for its own afterwards', async () => {
    const { transactions } = setUp()
    await transactions.open(transaction, BINDING)
    expect(await transactions.take('state-1', { ...BINDING, secret: 'binding-2' })).toBeUndefined()
    expect(await transactions.take('state-2', BINDING)).toBeUndefined()
    expect(await transactions.take('state-1', BINDING)).toMatchObject({ nonce: 'nonce-1' })
  })

  test('is over after ten minutes', async () => {
    const { transactions, clock } = setUp()
    await transactions.open(transaction, BINDING)
    clock.at += 10 * MINUTE
    expect(await transactions.take('state-1', BINDING)).toBeUndefined()
  })

  test('is kept under a name that tells nothing, in a form that nobody opens without the cookie of that browser', async () => {
    const { transactions, written, sealer } = setUp()
    await transactions.open(transaction, BINDING)
    const [[name, sealed] = ['', '']] = [...written]
    expect(name).toMatch(/:login:[\w-]{43}$/)
    expect(name + sealed).not.toMatch(/state-1|binding-1|nonce-1|verifier-1/)
    for (const extra of [undefined, '', 'state-1']) expect(sealer.open('login', name, sealed, extra).kind).toBe('damaged')
    expect(sealer.open('login', name, sealed, BINDING.secret).kind).toBe('opened')
  })

  test('that does not open is none', async () => {
    const { transactions, written, store } = setUp()
    await transactions.open(transaction, BINDING)
    const [name = ''] = written.keys()
    await store.write(name, 'rubbish', MINUTE)
    expect(await transactions.take('state-1', BINDING)).toBeUndefined()
  })
})

describe('the secrets of a login', () => {
  test('are fresh for each, of 256 bits, and the challenge is the verifier’s S256', () => {
    const made = Array.from({ length: 5 }, makeLoginSecrets)
    for (const { state, nonce, codeVerifier, codeChallenge } of made) {
      for (const secret of [state, nonce, codeVerifier]) expect(secret).toMatch(/^[\w-]{43}$/)
      expect(codeChallenge).toBe(createHash('sha256').update(codeVerifier).digest('base64url'))
    }
    expect(new Set(made.flatMap(({ state, nonce, codeVerifier }) => [state, nonce, codeVerifier])).size).toBe(15)
  })
})
