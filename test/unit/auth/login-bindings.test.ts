import { describe, expect, test } from '@jest/globals'
import { createLoginBindings } from '../../../src/auth/login-binding.ts'
import { cookieNames, loginCookieName } from '../../../src/security/cookie-names.ts'
import { makeExchange } from '../../support/exchange.ts'

const NAMES = cookieNames(true)
const MINUTE = 60_000
const bindings = createLoginBindings({ names: NAMES, secure: true, mostOpen: 3, lifetimeMilliseconds: 10 * MINUTE })

/** The `Cookie` header of a browser that began these logins, oldest first. */
function cookiesOf(...states: readonly string[]) {
  return states.map((state) => `${loginCookieName(NAMES, state)}=${'b'.repeat(22)}.${state.padEnd(43, 's')}`).join('; ')
}

describe('the binding of a login to its browser', () => {
  test('is a cookie that only this host reads, over https, in no script, for as long as a login may take', () => {
    const { request, response, setCookies } = makeExchange()
    const binding = bindings.make(request)
    bindings.set(request, response, 'state', binding)
    expect(setCookies()).toEqual([
      expect.objectContaining({
        name: loginCookieName(NAMES, 'state'),
        httpOnly: true,
        secure: true,
        sameSite: 'Lax',
        path: '/',
        domain: undefined,
      }),
    ])
    expect(String(response.getHeader('set-cookie'))).toContain('Max-Age=600;')
  })

  test('is read back where it was set, and is deleted as it was set', () => {
    const { request, response, setCookies } = makeExchange()
    const binding = bindings.make(request)
    bindings.set(request, response, 'state', binding)
    const [cookie] = setCookies()
    const back = makeExchange({ Cookie: `${cookie?.name}=${cookie?.value}` })
    expect(bindings.read(back.request, 'state')).toEqual(binding)
    expect(bindings.read(back.request, 'another state')).toBeUndefined()
    bindings.remove(back.response, 'state')
    expect(back.setCookies()).toEqual([{ ...cookie, value: '', expiresAt: 0 }])
  })

  test('is another one for each login, of the same browser number as those that are open', () => {
    const { request } = makeExchange({ Cookie: cookiesOf('one') })
    const [first, second] = [bindings.make(request), bindings.make(request)]
    expect(first.browser).toBe('b'.repeat(22))
    expect(second.browser).toBe(first.browser)
    expect(second.secret).not.toBe(first.secret)
    expect(first.secret).toMatch(/^[\w-]{43}$/)
    expect(bindings.make(makeExchange().request).browser).not.toBe(bindings.make(makeExchange().request).browser)
  })

  test('drops the oldest where too many are open, and no other cookie', () => {
    const { request, response, setCookies } = makeExchange({ Cookie: `a=1; ${cookiesOf('one', 'two', 'three', 'four')}; z=2` })
    bindings.set(request, response, 'five', bindings.make(request))
    const [gone, kept] = [setCookies().filter(({ value }) => value === ''), setCookies().filter(({ value }) => value !== '')]
    expect(gone.map(({ name }) => name)).toEqual(['one', 'two'].map((state) => loginCookieName(NAMES, state)))
    for (const { secure, httpOnly, sameSite, path } of gone)
      expect({ secure, httpOnly, sameSite, path }).toEqual({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' })
    expect(kept.map(({ name }) => name)).toEqual([loginCookieName(NAMES, 'five')])
  })

  test.each([
    ['a space', (at: number) => `a b${at}`.padEnd(8, 'x')],
    ['another alphabet', (at: number) => `\u00e4${at}`.padEnd(8, 'x')],
    ['too few characters', (at: number) => `${at}`],
    ['too many characters', (at: number) => `${at}`.padEnd(9, 'x')],
  ])('is no cookie that somebody made up: %s in its name', (_, suffix) => {
    const cookie = Array.from({ length: 30 }, (_cookie, at) => `${NAMES.loginPrefix}${suffix(at)}=x`).join('; ')
    const { request, response, setCookies } = makeExchange({ Cookie: cookie })
    bindings.set(request, response, 'state', bindings.make(request))
    expect(setCookies().map(({ name }) => name)).toEqual([loginCookieName(NAMES, 'state')])
  })

  test('drops no more than twenty at once, whatever a stranger sends', () => {
    const { request, response, setCookies } = makeExchange({
      Cookie: cookiesOf(...Array.from({ length: 300 }, (_, at) => `${at}`)),
    })
    bindings.set(request, response, 'state', bindings.make(request))
    expect(setCookies().filter(({ value }) => value === '')).toHaveLength(20)
  })

  test.each([
    ['nothing', ''],
    ['too short a secret', `${'b'.repeat(22)}.short`],
    ['another alphabet', `${'b'.repeat(22)}.${'*'.repeat(43)}`],
    ['no browser number', `.${'s'.repeat(43)}`],
    ['more than it', `${'b'.repeat(22)}.${'s'.repeat(43)}.x`],
  ])('is none with %s', (_, value) => {
    const { request } = makeExchange({ Cookie: `${loginCookieName(NAMES, 'state')}=${value}` })
    expect(bindings.read(request, 'state')).toBeUndefined()
    expect(bindings.make(request).browser).not.toBe('b'.repeat(22))
  })

  test('given twice is none', () => {
    const { request } = makeExchange({ Cookie: `${cookiesOf('one')}; ${cookiesOf('one')}` })
    expect(bindings.read(request, 'one')).toBeUndefined()
  })
})
