import { describe, expect, test } from '@jest/globals'
import { createRevokeTokens, type Discarded } from '../../../src/auth/revoke-tokens.ts'
import { GatewayError } from '../../../src/errors.ts'

/** What the provider was asked to revoke, and what was logged. */
async function revoked(grant: Discarded['grant'], refused: readonly string[] = []) {
  const asked: string[] = []
  const told: object[] = []
  const work: Promise<void>[] = []
  const revoke = async (token: string, kind: string) => {
    asked.push(`${kind} ${token}`)
    if (refused.includes(token)) throw new GatewayError('provider_unavailable')
    return true
  }
  createRevokeTokens(
    { revoke },
    (_, fields) => void told.push(fields),
    (each) => void work.push(each),
  )({ record: { subject: 'ada' }, grant })
  await Promise.all(work)
  return { asked, told }
}

describe('tokens that are of no more use', () => {
  test('are revoked, the refresh token first', async () => {
    const { asked, told } = await revoked({ refreshToken: 'r', accessToken: 'a' })
    expect(asked).toEqual(['refresh_token r', 'access_token a'])
    expect(told).toEqual([])
    expect((await revoked({ refreshToken: undefined, accessToken: 'a' })).asked).toEqual(['access_token a'])
  })

  test('are each revoked, whatever became of the other, and each failure is told', async () => {
    const { asked, told } = await revoked({ refreshToken: 'r', accessToken: 'a' }, ['r', 'a'])
    expect(asked).toEqual(['refresh_token r', 'access_token a'])
    expect(told).toEqual([
      { subject: 'ada', note: expect.stringMatching(/^refresh_token: /) },
      { subject: 'ada', note: expect.stringMatching(/^access_token: /) },
    ])
  })
})
