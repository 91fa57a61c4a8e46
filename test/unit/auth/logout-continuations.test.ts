import { describe, expect, test } from '@jest/globals'
import { createLogoutContinuations } from '../../../src/auth/logout-continuations.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createSealer } from '../../../src/store/sealing.ts'
import { makeExchange } from '../../support/exchange.ts'
import { sessionParts } from '../../support/session-parts.ts'

const MINUTE = 60_000
const NAME = '__Host-Http-coatcheck-logout'
const URL_THERE = new URL('https://idp.example/logout?id_token_hint=the-id-token')

async function setUp() {
  const { clock, now, secrets, namespace } = sessionParts()
  const asked: string[] = []
  const written = new Map<string, string>()
  const memory = createMemoryStore({ mostRecords: 100, now })
  const store: typeof memory = {
    ...memory,
    write: (key, value, ...rest) => {
      written.set(key, value)
      return memory.write(key, value, ...rest)
    },
    take: (key) => {
      asked.push(key)
      return memory.take(key)
    },
  }
  const sealer = createSealer({ secrets, namespace })
  const continuations = createLogoutContinuations({ store, sealer, namespace, cookieName: NAME, secure: true })
  const binding = continuations.makeBinding()
  const { response, setCookies } = makeExchange()
  const handle = await continuations.keep(response, URL_THERE, binding)
  const take = (given: string, cookie = `${NAME}=${binding}`) =>
    continuations.take(makeExchange({ Cookie: cookie }).request, given)
  return { clock, continuations, binding, handle, take, setCookies, response, asked, written, sealer }
}

describe('the way on to the provider after a logout', () => {
  test('is taken once, in the browser that signed out', async () => {
    const { take, handle } = await setUp()
    expect((await take(handle))?.href).toBe(URL_THERE.href)
    expect(await take(handle)).toBeUndefined()
  })

  test.each([
    ['no cookie', () => 'a=1'],
    ['the cookie of another logout', () => `${NAME}=${'x'.repeat(43)}`],
    ['a cookie of another form', () => `${NAME}=short`],
    ['two cookies', (binding: string) => `${NAME}=${binding}; ${NAME}=${binding}`],
  ])('is closed with %s, and stays open for its own browser', async (_, cookie) => {
    const { take, handle, binding } = await setUp()
    expect(await take(handle, cookie(binding))).toBeUndefined()
    expect((await take(handle))?.href).toBe(URL_THERE.href)
  })

  test.each(['', 'short', `${'x'.repeat(42)}*`, 'x'.repeat(44)])('is not looked for by what is no handle: %j', async (handle) => {
    const { take, asked } = await setUp()
    expect(await take(handle)).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('is closed for another handle', async () => {
    const { take } = await setUp()
    expect(await take('x'.repeat(43))).toBeUndefined()
  })

  test('is not looked for with a cookie that is none of ours', async () => {
    const { take, handle, asked } = await setUp()
    await take(handle, `${NAME}=${'*'.repeat(43)}`)
    expect(asked).toEqual([])
  })

  test('is closed after a minute', async () => {
    const { take, handle, clock } = await setUp()
    clock.at += MINUTE
    expect(await take(handle)).toBeUndefined()
  })

  test('is kept where nobody finds the id token without the handle, nor the handle', async () => {
    const { written, handle, binding, sealer } = await setUp()
    const [[name, sealed] = ['', '']] = [...written]
    for (const secret of ['the-id-token', handle, binding]) expect(name + sealed).not.toContain(secret)
    expect(sealer.open('logout', name, sealed).kind).toBe('damaged')
    expect(sealer.open('logout', name, sealed, binding).kind).toBe('damaged')
  })

  test('is bound by a cookie of ten minutes that no script reads, deleted as it was set', async () => {
    const { setCookies, response, binding, continuations } = await setUp()
    const [cookie] = setCookies()
    expect(cookie).toMatchObject({
      name: NAME,
      value: binding,
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
      domain: undefined,
    })
    expect(String(response.getHeader('set-cookie'))).toContain('Max-Age=600;')
    const back = makeExchange({ Cookie: `${NAME}=${binding}` })
    continuations.close(back.request, back.response, undefined)
    expect(back.setCookies()).toEqual([{ ...cookie, value: '', expiresAt: 0 }])
  })

  test('ends with the state that went along, and tells whether it came back', async () => {
    const { continuations, binding } = await setUp()
    const close = (state: string | undefined, cookie = `${NAME}=${binding}`) => {
      const { request, response } = makeExchange({ Cookie: cookie })
      return continuations.close(request, response, state)
    }
    expect(close(continuations.stateOf(binding))).toBe(true)
    expect(close('forged')).toBe(false)
    expect(close(undefined)).toBe(false)
    expect(close(continuations.stateOf(binding), 'a=1')).toBe(false)
    expect(close(undefined, 'a=1')).toBe(true)
    expect(continuations.stateOf(binding)).not.toContain(binding)
  })
})
