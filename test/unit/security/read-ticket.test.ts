import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { Secret } from '../../../src/config/secret.ts'
import { deriveCookieKeys } from '../../../src/security/cookie-keys.ts'
import { createReadTicket } from '../../../src/security/read-ticket.ts'
import { makeSessionSecret, sessionIdOf } from '../../../src/security/session-secret.ts'

const NAME = '__Host-Http-coatcheck'
const [newest, older] = deriveCookieKeys([new Secret('a'.repeat(43)), new Secret('b'.repeat(43))], 'here') as [string, string]
const [foreign] = deriveCookieKeys([new Secret('a'.repeat(43))], 'elsewhere') as [string]

function signed(secret: string, key: string): string {
  const signature = createHmac('sha256', key).update(secret).digest('base64').replace(/=+$/, '')
  return encodeURIComponent(`s:${secret}.${signature}`)
}

function reader() {
  return createReadTicket(NAME, [newest, older], 3)
}

describe('the ticket', () => {
  test('is read where secret and signature are ours, also among other cookies', () => {
    const secret = makeSessionSecret()
    for (const header of [
      `${NAME}=${signed(secret, newest)}`,
      `a=1; ${NAME}=${signed(secret, newest)}; b=2`,
      `x;;=;${NAME}=${signed(secret, newest)}`,
    ]) {
      expect(reader()(header)).toMatchObject({ kind: 'ticket', ticket: { secret, id: sessionIdOf(secret) } })
    }
  })

  test('signed with an older key is good too', () => {
    expect(reader()(`${NAME}=${signed(makeSessionSecret(), older)}`).kind).toBe('ticket')
  })

  test.each([
    ['a wrong key', (secret: string) => signed(secret, 'wrong')],
    ['the same server secret in another deployment', (secret: string) => signed(secret, foreign)],
    ['a truncated signature', (secret: string) => signed(secret, newest).slice(0, -2)],
    ['a longer signature', (secret: string) => `${signed(secret, newest)}A`],
    ['no signature', (secret: string) => `s%3A${secret}`],
    ['an empty signature', (secret: string) => `s%3A${secret}.`],
    ['another secret', (secret: string) => signed(secret, newest).replace(secret.slice(0, 3), 'AAA')],
    ['a secret that is too short', () => signed('short', newest)],
    ['a secret of another alphabet', () => signed(`*${'a'.repeat(42)}`, newest)],
    ['control characters', () => signed(`\r\n${'a'.repeat(41)}`, newest)],
    ['a megabyte', () => 's%3A'.padEnd(1_000_000, 'a')],
    ['nothing', () => ''],
  ])('is not read with %s', (_, make) => {
    expect(reader()(`${NAME}=${make(makeSessionSecret())}`)).toEqual({ kind: 'none' })
  })

  test('given twice is neither of the two, good or not', () => {
    const good = `${NAME}=${signed(makeSessionSecret(), newest)}`
    expect(reader()(`${good}; ${good}`)).toEqual({ kind: 'duplicated' })
    expect(reader()(`${good}; ${NAME}=planted`)).toEqual({ kind: 'duplicated' })
  })

  test('is not read from a cookie whose name only looks like ours', () => {
    const value = signed(makeSessionSecret(), newest)
    for (const name of ['coatcheck', NAME.toLowerCase(), `${NAME}2`, `x${NAME}`]) {
      expect(reader()(`${name}=${value}`).kind).toBe('none')
    }
  })

  test('goes on being read when more tickets came by than are remembered', () => {
    const read = reader()
    const headers = Array.from({ length: 10 }, () => `${NAME}=${signed(makeSessionSecret(), newest)}`)
    for (const header of [...headers, ...headers]) expect(read(header).kind).toBe('ticket')
  })

  test('is remembered, but not for more cookies than it was told to', () => {
    const read = reader()
    const first = `${NAME}=${signed(makeSessionSecret(), newest)}`
    const reading = read(first)
    expect(read(first)).toBe(reading)
    for (const _ of [1, 2, 3]) read(`${NAME}=${signed(makeSessionSecret(), newest)}`)
    expect(read(first)).not.toBe(reading)
    expect(read(first)).toEqual(reading)
    // Nor for as long as a stranger makes them.
    const long = `a=${'x'.repeat(20_000)}; ${first}`
    expect(read(long)).toEqual(reading)
    expect(read(long)).not.toBe(read(long))
  })

  test('is none in anything else that a client may write', () => {
    const read = reader()
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(read(`${NAME}=${text}`).kind).not.toBe('ticket')))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(read(text).kind).toBe('none')))
  })
})
