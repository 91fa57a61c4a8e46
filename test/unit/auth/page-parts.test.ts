import { describe, expect, test } from '@jest/globals'
import { createAssets, createReload } from '../../../src/auth/page-parts.ts'
import { onlyValueOf, queryOf, refuseDuplicates, valueOf } from '../../../src/auth/parameters.ts'
import { loadAssets } from '../../../src/pages/assets.ts'
import type { Page } from '../../../src/pages/page.ts'
import { makeExchange } from '../../support/exchange.ts'

describe('the parts of our pages', () => {
  const asset = createAssets(loadAssets())
  const ask = (name: string) => {
    const { request, response } = makeExchange()
    request.params = { name }
    const sent: unknown[] = []
    response.send = (body: unknown) => {
      sent.push(body)
      return response
    }
    asset(request, response)
    return { response, sent }
  }

  test.each(['page.css', 'continue.js', 'reload.js', 'ticket.svg'])('are there, of their type, for a day: %s', (name) => {
    const { response, sent } = ask(name)
    expect(String(sent[0]).length).toBeGreaterThan(50)
    expect(response.getHeader('cache-control')).toBe('public, max-age=86400')
    expect(response.getHeader('content-type')).toMatch(/^(?:text\/css|text\/javascript|image\/svg\+xml)/)
  })

  test.each(['', 'nothing.js', '../html.ts', 'assets.ts', 'constructor', '__proto__', 'page.css/', 'PAGE.CSS'])(
    'are a closed list: %j is none',
    (name) => expect(() => ask(name)).toThrow(expect.objectContaining({ code: 'not_found' })),
  )
})

describe('the page that takes a person to a carried address', () => {
  const pages: Page[] = []
  const reload = createReload('https://app.example.com', '/bff', (_, __, page) => void pages.push(page))
  const scriptAt = (url: string) => {
    const { request, response } = makeExchange({}, { url })
    reload(request, response)
    return pages.at(-1)?.script
  }

  test('leads to places of this application only', () => {
    expect(scriptAt('/bff/login/continue?returnTo=%2Fapi%2Freport.pdf')).toBe('reload.js')
    for (const returnTo of ['https://evil.example', '//evil.example', 'javascript:alert(1)', '/bff/logout', ''])
      expect(scriptAt(`/bff/login/continue?returnTo=${encodeURIComponent(returnTo)}`)).toBe('continue.js')
    expect(scriptAt('/bff/login/continue')).toBe('continue.js')
    expect(scriptAt('/bff/login/continue?returnTo=%2Fapi%2Fx&returnTo=%2Fapi%2Fx')).toBe('continue.js')
  })
})

describe('the parameters of a request', () => {
  test('count as absent where they occur twice, for those who need none', () => {
    const { request } = makeExchange({}, { url: '/x?a=1&b=&c=2&c=2&d=&d=1' })
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => onlyValueOf(queryOf(request), name))).toEqual([
      '1',
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('are read as they were sent, each once, and none is an empty one', () => {
    const query = queryOf(makeExchange({}, { url: '/x?a=1&b=&c[]=2&d=%26' }).request)
    expect([...query]).toEqual([
      ['a', '1'],
      ['b', ''],
      ['c[]', '2'],
      ['d', '&'],
    ])
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => valueOf(query, name))).toEqual(['1', undefined, undefined, '&', undefined])
    expect([...queryOf(makeExchange({}, { url: '/x' }).request)]).toEqual([])
    expect(() => refuseDuplicates(query)).not.toThrow()
    expect(() => refuseDuplicates(new URLSearchParams('a=1&a=1'))).toThrow(expect.objectContaining({ code: 'request_invalid' }))
  })
})
