import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'

import { createAllowance } from '../../../src/oidc/allowance.ts'
import { readableCode } from '../../../src/oidc/error-code.ts'
import { parseRetryAfter } from '../../../src/oidc/retry-after.ts'
import { signingAlgorithms } from '../../../src/oidc/signing-algorithms.ts'
import { translateError } from '../../../src/oidc/translate-error.ts'

describe('a code from outside', () => {
  test('goes to the log as it is where it is one word, and not at all otherwise', () => {
    expect(readableCode('invalid_grant')).toBe('invalid_grant')
    fc.assert(fc.property(fc.anything(), (code) => /^[A-Za-z0-9_.:-]{1,64}$/.test(readableCode(code))))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (code) => /^[A-Za-z0-9_.:-]{1,64}$/.test(readableCode(code))))
  })
})

describe('an error that was thrown', () => {
  test.each([
    undefined,
    null,
    'text',
    7,
    {},
    Object.create(null),
    new Error('with a token in it', { cause: new Error('and here') }),
  ])('becomes one of ours, with nothing of its text: %p', (thrown) => {
    const error = translateError(thrown)
    expect(error.code).toBe('provider_answer_invalid')
    expect(`${error.message} ${error.stack?.split('\n')[0]}`).not.toMatch(/token in it|and here/)
    expect(error.cause).toBeUndefined()
  })

  test('that leads back to itself ends all the same', () => {
    const loop = new Error('loop')
    loop.cause = loop
    expect(translateError(loop).code).toBe('provider_answer_invalid')
  })
})

describe('Retry-After', () => {
  test('is between now and five minutes, or nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 4e12 }), (value, now) => {
        const seconds = parseRetryAfter(value, now)
        expect(seconds === undefined || (seconds >= 0 && seconds <= 300)).toBe(true)
      }),
    )
    expect(parseRetryAfter(null, 0)).toBeUndefined()
    expect(parseRetryAfter(' 12 ', 0)).toBe(12)
  })

  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'may be a date in each form of RFC 9110 §5.6.7, whose clock is UTC wherever the gateway stands: %s',
    (date) => {
      for (const zone of ['UTC', 'America/New_York', 'Asia/Tokyo']) expect(askedIn(zone, date, '1994-11-06T08:49:30Z')).toBe('7')
    },
  )
})

describe('an allowance', () => {
  test('gives a burst at once, then one per interval, and never saves up more than the burst', () => {
    let now = 0
    const allowance = createAllowance({ burst: 3, refillMilliseconds: 100, now: () => now })
    const taken = () => Array.from({ length: 10 }, () => allowance.take()).filter(Boolean).length
    expect(taken()).toBe(3)
    now += 99
    expect(taken()).toBe(0)
    now += 1
    expect(taken()).toBe(1)
    now += 1_000_000
    expect(taken()).toBe(3)
    now -= 500_000
    expect(taken()).toBe(0)
  })
})

/** What a gateway in that time zone makes of it: a process takes its zone along from its start. */
function askedIn(zone: string, retryAfter: string, at: string): string {
  const module = new URL('../../../src/oidc/retry-after.ts', import.meta.url).href
  const script = `import { parseRetryAfter } from '${module}'
    process.stdout.write(String(parseRetryAfter('${retryAfter}', Date.parse('${at}'))))`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: { TZ: zone }, encoding: 'utf8' })
}

function of(listed: readonly string[] | undefined, configured?: string): readonly string[] {
  const metadata = {
    issuer: 'https://idp.example.com',
    ...(listed ? { id_token_signing_alg_values_supported: [...listed] } : {}),
  }
  return signingAlgorithms(metadata, configured)
}

describe('algorithms of ID tokens', () => {
  test('are those that the provider lists and we accept, or the one that is configured', () => {
    expect(of(['none', 'HS256', 'ES256', 'RS256'])).toEqual(['RS256', 'ES256'])
    expect(of(undefined)).toEqual(['RS256'])
    expect(of(['RS256'], 'ES256')).toEqual(['ES256'])
    expect(of(['none'], 'none')).toEqual([])
    expect(of(['HS256'], 'HS256')).toEqual([])
  })
})
