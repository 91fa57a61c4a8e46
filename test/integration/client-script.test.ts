import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createBrowser } from '../support/browser.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const ask = (headers: Record<string, string> = {}, method = 'GET') =>
  createBrowser().fetch(`${gateway.origin}/bff/client.js`, { method, headers, csrf: false })

describe('the browser client', () => {
  test('is a script of our own origin that every page of it may load, and no other site', async () => {
    const { status, headers } = await ask()
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['set-cookie']).toBeUndefined()
    expect((await ask({}, 'POST')).status).toBe(405)
  })

  test('is asked for each time, and comes again only when it is another', async () => {
    const first = await ask()
    const tag = first.headers.etag ?? ''
    expect(first.headers['cache-control']).toBe('no-cache')
    expect(tag).toMatch(/^"[\w-]{43}"$/)
    const again = await ask({ 'If-None-Match': tag })
    expect([again.status, again.text]).toEqual([304, ''])
    const other = await ask({ 'If-None-Match': '"of before"' })
    expect([other.status, other.text.length]).toEqual([200, first.text.length])
  })
})
