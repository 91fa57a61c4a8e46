import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../../src/errors.ts'
import type { GrantReplacement } from '../../../src/session/replace-grant.ts'
import { createWriteRenewed } from '../../../src/tokens/write-renewed.ts'
import { makeGrant, makeSession } from '../../support/session-parts.ts'

/** A store that fails as often as it is told, and then answers. */
function failing(times: number, error: Error, answer: GrantReplacement = 'written') {
  const tries: number[] = []
  const replaceGrant = async () => {
    tries.push(tries.length)
    if (tries.length <= times) throw error
    return answer
  }
  return { tries, replaceGrant }
}

describe('renewed tokens', () => {
  test('are written again and again while the store is away, since the old refresh token is spent', async () => {
    const { tries, replaceGrant } = failing(3, new GatewayError('store_unavailable'))
    const writeRenewed = createWriteRenewed(replaceGrant, Date.now)
    await expect(writeRenewed(makeSession(), makeGrant())).resolves.toBe('written')
    expect(tries).toHaveLength(4)
  })

  test('that were written although the answer was lost are met as they stand', async () => {
    const { replaceGrant } = failing(1, new GatewayError('store_unavailable'), 'conflict')
    await expect(createWriteRenewed(replaceGrant, Date.now)(makeSession(), makeGrant())).resolves.toBe('conflict')
  })

  test('are not written for ever', async () => {
    const clock = { at: 0 }
    const { tries, replaceGrant } = failing(1_000, new GatewayError('store_unavailable'))
    const writeRenewed = createWriteRenewed(replaceGrant, () => (clock.at += 30_000))
    await expect(writeRenewed(makeSession(), makeGrant())).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(tries.length).toBeLessThan(4)
  })

  test('are not tried again where the fault is ours', async () => {
    const { tries, replaceGrant } = failing(1, new TypeError('a mistake'))
    await expect(createWriteRenewed(replaceGrant, Date.now)(makeSession(), makeGrant())).rejects.toThrow(TypeError)
    expect(tries).toHaveLength(1)
  })
})
