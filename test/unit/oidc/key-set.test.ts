import { describe, expect, test } from '@jest/globals'

import { createKeySet } from '../../../src/oidc/key-set.ts'
import { createSigner } from '../../support/signer.ts'

const genuine = { kind: 'genuine' }
const wrong = { kind: 'wrong', error: { code: 'provider_answer_invalid' } }
const unchecked = { kind: 'unchecked' }

async function start() {
  const signer = await createSigner('ES256')
  const there = { answers: () => Response.json(signer.published()) }
  let now = 0
  let fetches = 0
  const fetch = async () => {
    fetches += 1
    return there.answers()
  }
  const keys = createKeySet({ jwksUri: 'https://idp.example.com/jwks', fetch, now: () => now })
  return { signer, there, keys, fetches: () => fetches, wait: (milliseconds: number) => (now += milliseconds) }
}

describe('the key set', () => {
  test('verifies with the algorithms that it is told, and no other', async () => {
    const { signer, keys } = await start()
    const jws = await signer.sign({ sub: 'alice' })
    expect(await keys.verify(jws, ['RS256', 'ES256'])).toEqual(genuine)
    expect(await keys.verify(jws, ['RS256'])).toMatchObject({
      kind: 'wrong',
      error: { detail: { note: 'signature: ERR_JOSE_ALG_NOT_ALLOWED' } },
    })
    expect(await keys.verify(jws, [])).toMatchObject(wrong)
  })

  test('drops a key that was withdrawn within ten minutes', async () => {
    const { signer, keys, wait } = await start()
    const old = await signer.sign({ sub: 'alice' })
    await keys.verify(old, ['ES256'])
    await signer.rotate()
    expect(await keys.verify(old, ['ES256'])).toEqual(genuine)
    wait(600_000)
    expect(await keys.verify(old, ['ES256'])).toMatchObject(wrong)
  })

  test('asks for keys at most five times at once and then once in five seconds, for any number of unknown names', async () => {
    const { signer, keys, fetches, wait } = await start()
    const flood = async () => {
      for (let count = 0; count < 50; count += 1) {
        const jws = await signer.sign({}, { kid: crypto.randomUUID() })
        expect(await keys.verify(jws, ['ES256'])).not.toEqual(genuine)
      }
    }
    await flood()
    expect(fetches()).toBe(5)
    wait(5_000)
    await flood()
    expect(fetches()).toBe(6)
  })

  test('sees a rotation within five seconds in the middle of such a flood', async () => {
    const { signer, keys, wait } = await start()
    for (let count = 0; count < 20; count += 1) {
      await keys.verify(await signer.sign({}, { kid: 'unknown' }), ['ES256'])
    }
    await signer.rotate()
    wait(5_000)
    expect(await keys.verify(await signer.sign({}), ['ES256'])).toEqual(genuine)
  })

  test.each([
    ['fails', () => Response.error()],
    ['is not found', () => new Response(null, { status: 404 })],
    ['is HTML', () => new Response('<h1>Maintenance</h1>')],
    ['has no keys', () => Response.json({ keys: [] })],
  ])('that %s gives no verdict about a key that it does not know, and one about those that it knows', async (_, answers) => {
    const { signer, there, keys } = await start()
    const known = await signer.sign({})
    await keys.verify(known, ['ES256'])
    await signer.rotate()
    there.answers = answers
    expect(await keys.verify(await signer.sign({}), ['ES256'])).toMatchObject(unchecked)
    expect(await keys.verify(known, ['ES256'])).toEqual(genuine)
  })

  test('gives no verdict while it may not ask, and none before it had any key', async () => {
    const { signer, there, keys, wait } = await start()
    there.answers = () => new Response(null, { status: 404 })
    const jws = await signer.sign({})
    for (let count = 0; count < 10; count += 1) expect(await keys.verify(jws, ['ES256'])).toMatchObject(unchecked)
    there.answers = () => Response.json(signer.published())
    expect(await keys.verify(jws, ['ES256'])).toMatchObject(unchecked)
    wait(5_000)
    expect(await keys.verify(jws, ['ES256'])).toEqual(genuine)
  })

  test('needs no keys to refuse an algorithm', async () => {
    const { signer, there, keys } = await start()
    there.answers = () => new Response(null, { status: 404 })
    expect(await keys.verify(await signer.sign({}), ['RS256'])).toMatchObject(wrong)
    expect(await keys.verify('no.jws', ['RS256'])).toMatchObject(wrong)
  })

  test('sees a rotation for all who ask at the same time', async () => {
    const { signer, keys } = await start()
    await keys.verify(await signer.sign({}), ['ES256'])
    await signer.rotate({ kid: signer.kid })
    const tokens = await Promise.all(Array.from({ length: 30 }, () => signer.sign({})))
    const verdicts = await Promise.all(tokens.map((jws) => keys.verify(jws, ['ES256'])))
    expect(verdicts).toEqual(tokens.map(() => genuine))
  })
})
