import { afterEach, describe, expect, test } from '@jest/globals'

import { createScriptedPairs } from '../../support/scripted-pair.ts'
import { answers } from '../../support/scripted-provider.ts'

const pairs = createScriptedPairs()
afterEach(() => pairs.stopAll())

const invalid = { code: 'provider_answer_invalid' }

describe('the keys of the provider', () => {
  test('are fetched once for many logins, at the address that the metadata names', async () => {
    const { there, signIn } = await pairs.start()
    await Promise.all(Array.from({ length: 20 }, signIn))
    expect(there.count('jwks')).toBe(1)
  })

  test('may change between two logins, and again right after (signing-key-rotation, -just-before-signing)', async () => {
    const { there, signIn } = await pairs.start()
    await signIn()
    await there.signer.rotate()
    await expect(signIn()).resolves.toBeDefined()
    await there.signer.rotate()
    await expect(signIn()).resolves.toBeDefined()
    expect(there.count('jwks')).toBe(3)
  })

  test('may change under a name that stays, or without names', async () => {
    const { there, signIn } = await pairs.start()
    await signIn()
    await there.signer.rotate({ kid: there.signer.kid })
    await expect(signIn()).resolves.toBeDefined()
    there.script.header = (header) => ({ ...header, kid: undefined })
    await there.signer.rotate()
    await expect(signIn()).resolves.toBeDefined()
  })

  test('are each tried where a token names none of them (kid-absent-multiple-jwks)', async () => {
    const { there, signIn } = await pairs.start()
    await there.signer.rotate({ keepOld: true })
    await there.signer.rotate({ keepOld: true })
    there.script.header = (header) => ({ ...header, kid: undefined })
    await expect(signIn()).resolves.toBeDefined()
    there.script.jwks = ({ keys }) => ({ keys: keys.toReversed() })
    await expect(signIn()).resolves.toBeDefined()
    there.script.jwks = ({ keys }) => ({ keys: keys.slice(1) })
    await expect(signIn()).resolves.toBeDefined()
  })

  test('that verify nothing cost a bounded number of requests, however many tokens come', async () => {
    const { there, signIn } = await pairs.start()
    await signIn()
    there.script.header = (header) => ({ ...header, kid: crypto.randomUUID() })
    for (let count = 0; count < 30; count += 1) await expect(signIn()).rejects.toMatchObject(invalid)
    expect(there.count('jwks')).toBeLessThanOrEqual(6)

    delete there.script.header
    await expect(signIn()).resolves.toBeDefined()
  })

  test('may stand among others that nobody understands', async () => {
    const { there, signIn } = await pairs.start()
    const junk = [null, 7, 'key', [], {}, { kty: 'RSA' }, { kty: 'unknown', kid: 'x' }, { kty: 'oct', k: 'c2VjcmV0' }]
    there.script.jwks = ({ keys }) => ({ keys: [...junk, ...keys] })
    await expect(signIn()).resolves.toBeDefined()
  })

  test('that are for encryption verify nothing', async () => {
    const { there, signIn } = await pairs.start()
    there.script.jwks = ({ keys }) => ({ keys: keys.map((key) => ({ ...key, use: 'enc' })) })
    await expect(signIn()).rejects.toMatchObject(invalid)
  })

  test('go on serving for a while when they cannot be fetched again', async () => {
    let now = Date.now()
    const { there, signIn } = await pairs.start({}, { clockToleranceSeconds: 100_000 }, () => now)
    await signIn()
    there.script.jwks = () => answers.status(500)
    now += 15 * 60_000
    await expect(signIn()).resolves.toBeDefined()
    now += 60 * 60_000
    await expect(signIn()).rejects.toMatchObject({ code: 'provider_unavailable' })
  })

  test.each([
    ['are HTML', answers.html(), 'provider_answer_invalid'],
    ['are no set', answers.json(200, []), 'provider_answer_invalid'],
    ['are not found', answers.status(404), 'provider_answer_invalid'],
    ['are elsewhere', answers.redirect('https://evil.example.com/jwks'), 'provider_answer_invalid'],
    ['are too big', answers.huge(1_000_000), 'provider_answer_invalid'],
    ['fail', answers.status(500), 'provider_unavailable'],
    ['never come', answers.hang(), 'provider_unavailable'],
  ])('that %s sign nobody in', async (_, answer, code) => {
    // Soon only where that is what is waited for: a busy machine may be late with everything else.
    const timeoutMilliseconds = code === 'provider_unavailable' ? 300 : 10_000
    const { there, signIn } = await pairs.start({}, { timeoutMilliseconds })
    there.script.jwks = () => answer
    await expect(signIn()).rejects.toMatchObject({ code })
  })

  test('of another issuer are never used, though their names are equal', async () => {
    const mine = await pairs.start()
    const other = await pairs.start()
    await other.there.signer.rotate({ kid: mine.there.signer.kid })
    mine.there.script.idToken = (claims, header) => other.there.signer.sign(claims, header)
    await other.signIn()
    await expect(mine.signIn()).rejects.toMatchObject(invalid)
  })
})
