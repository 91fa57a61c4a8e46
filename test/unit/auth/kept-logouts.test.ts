import { describe, expect, jest, test } from '@jest/globals'
import { createKeptLogouts } from '../../../src/auth/kept-logouts.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { LogoutToken } from '../../../src/oidc/port.ts'

const logout = (n: number): LogoutToken => ({
  issuer: 'https://idp.example',
  tokenId: `jti-${n}`,
  subject: `person-${n}`,
  providerSession: undefined,
  usableUntil: 0,
})

function setUp() {
  jest.useFakeTimers()
  const applied: unknown[][] = []
  const told: string[] = []
  const failing: { with: Error | undefined } = { with: undefined }
  const work: Promise<void>[] = []
  const failures: unknown[] = []
  const kept = createKeptLogouts({
    applyLogout: async (...given) => {
      if (failing.with) throw failing.with
      applied.push(given)
      return 1
    },
    inBackground: (promise) => void work.push(promise.catch((error: unknown) => void failures.push(error))),
    report: (_name, fields) => void told.push(['state', 'subject'].map((name) => String(Reflect.get(fields, name))).join(' ')),
  })
  async function aSecond(): Promise<void> {
    jest.advanceTimersByTime(1_000)
    await Promise.all(work)
  }
  return { kept, applied, told, failing, failures, aSecond }
}

describe('logouts that the store did not take', () => {
  test('are applied once it does, as late ones, and asked for no more', async () => {
    const { kept, applied, told, failing, aSecond } = setUp()
    failing.with = new GatewayError('store_unavailable')
    kept.keep(logout(1), 5)
    kept.keep(logout(1), 6)
    kept.keep(logout(2), 7)
    await aSecond()
    await aSecond()
    expect(applied).toEqual([])
    failing.with = undefined
    await aSecond()
    await aSecond()
    expect(applied).toEqual([
      [logout(1), 5, true],
      [logout(2), 7, true],
    ])
    expect(told).toEqual(['kept person-1', 'kept person-2', 'applied person-1', 'applied person-2'])
    expect(jest.getTimerCount()).toBe(0)
  })

  test('are a thousand at most: the oldest gives way, and that is told', () => {
    const { kept, told } = setUp()
    for (let n = 0; n < 1_001; n += 1) kept.keep(logout(n), n)
    expect(told.filter((line) => line.startsWith('dropped'))).toEqual(['dropped person-0'])
    kept.stop()
  })

  test('are dropped, and the fault is told, where it is no weather; the others go on', async () => {
    const { kept, applied, told, failing, failures, aSecond } = setUp()
    kept.keep(logout(1), 1)
    kept.keep(logout(2), 2)
    failing.with = new TypeError('ours')
    await aSecond()
    failing.with = undefined
    await aSecond()
    expect([told.at(-2), told.at(-1), failures.length, applied.length]).toEqual(['dropped person-1', 'applied person-2', 1, 1])
  })

  test('that are given up are told, one by one, and nothing is tried any more', () => {
    const { kept, told } = setUp()
    kept.keep(logout(1), 1)
    kept.stop()
    expect(told).toEqual(['kept person-1', 'dropped person-1'])
    expect(jest.getTimerCount()).toBe(0)
  })
})
