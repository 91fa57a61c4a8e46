import { describe, expect, test } from '@jest/globals'

import { createKeySet } from '../../../src/oidc/key-set.ts'
import { createSigner } from '../../support/signer.ts'

async function start() {
  const signer = await createSigner('ES256')
  let now = 0
  let fetches = 0
  const fetch = async () => {
    fetches += 1
    return Response.json(signer.published())
  }
  const keys = createKeySet({ jwksUri: 'https://idp.example.com/jwks', fetch, now: () => now })
  return { signer, keys, fetches: () => fetches, wait: (milliseconds: number) => (now += milliseconds) }
}

describe('the key set', () => {
  test('verifies with the algorithms that it is told, and no other', async () => {
    const { signer, keys } = await start()
    const jws = await signer.sign({ sub: 'alice' })
    await expect(keys.verify(jws, ['RS256', 'ES256'])).resolves.toBeUndefined()
    await expect(keys.verify(jws, ['RS256'])).rejects.toMatchObject({ detail: { note: 'signature: ERR_JOSE_ALG_NOT_ALLOWED' } })
    await expect(keys.verify(jws, [])).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })

  test('drops a key that was withdrawn within ten minutes', async () => {
    const { signer, keys, wait } = await start()
    const old = await signer.sign({ sub: 'alice' })
    await keys.verify(old, ['ES256'])
    await signer.rotate()
    await expect(keys.verify(old, ['ES256'])).resolves.toBeUndefined()
    wait(600_000)
    await expect(keys.verify(old, ['ES256'])).rejects.toMatchObject({ code: 'provider_answer_invalid' })
  })

  test('asks for keys at most five times at once and then once in five seconds, for any number of unknown names', async () => {
    const { signer, keys, fetches, wait } = await start()
    const flood = async () => {
      for (let count = 0; count < 50; count += 1) {
        const jws = await signer.sign({}, { kid: crypto.randomUUID() })
        await expect(keys.verify(jws, ['ES256'])).rejects.toMatchObject({ code: 'provider_answer_invalid' })
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
      await keys.verify(await signer.sign({}, { kid: 'unknown' }), ['ES256']).catch(() => undefined)
    }
    await signer.rotate()
    wait(5_000)
    await expect(keys.verify(await signer.sign({}), ['ES256'])).resolves.toBeUndefined()
  })
})
