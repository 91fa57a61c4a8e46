import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createBrowser } from '../../support/browser.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const answer: RequestListener = (request, response) => {
  const url = new URL(request.url ?? '', 'http://unused')
  if (url.pathname === '/set') {
    response.setHeader('Set-Cookie', [
      'strict=1; SameSite=Strict; HttpOnly; Path=/',
      'lax=1; SameSite=Lax',
      'plain=1; Max-Age=60',
    ])
  }
  const to = url.searchParams.get('url')
  if (to !== null) response.writeHead(303, { Location: to })
  response.end(JSON.stringify({ method: request.method, ...request.headers }))
}

/** An app on `localhost` and a provider on `127.0.0.1`, which is another site; `/to?url=` redirects. */
async function begin() {
  const [app, provider] = await Promise.all([listen(answer), listen(answer)])
  return { app: `http://localhost:${app}`, provider: `http://127.0.0.1:${provider}`, browser: createBrowser() }
}

const ALL = 'strict=1; lax=1; plain=1'

describe('the browser of the tests says what Chromium says', () => {
  test('a typed address is from nowhere, and all cookies go along', async () => {
    const { app, browser } = await begin()
    await browser.navigate(`${app}/set`)
    const { json } = await browser.navigate(`${app}/x`, { from: null })
    expect(json()).toMatchObject({
      'sec-fetch-site': 'none',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      cookie: ALL,
    })
  })

  test('a link on another site brings Lax cookies and no Strict one, through redirects too', async () => {
    const { app, provider, browser } = await begin()
    await browser.navigate(`${app}/set`)
    await browser.navigate(`${provider}/`)
    const { json, redirects } = await browser.navigate(`/to?url=${app}/to?url=/landing`)
    expect(redirects).toHaveLength(2)
    expect(json()).toMatchObject({ 'sec-fetch-site': 'cross-site', cookie: 'lax=1; plain=1' })
  })

  test('a link of our own that goes round by another site keeps the Strict cookie, but says cross-site', async () => {
    const { app, provider, browser } = await begin()
    await browser.navigate(`${app}/set`)
    const { json } = await browser.navigate(`/to?url=${provider}/to?url=${app}/back`)
    expect(json()).toMatchObject({ 'sec-fetch-site': 'cross-site', cookie: ALL })
  })

  test('a form from another site brings no cookie but None', async () => {
    const { app, provider, browser } = await begin()
    await browser.navigate(`${app}/set`)
    const { json } = await browser.navigate(`${app}/x`, { from: provider, form: { a: 'b' } })
    expect(json()).toMatchObject({ method: 'POST', origin: provider, 'sec-fetch-site': 'cross-site' })
    expect(json()).not.toHaveProperty('cookie')
  })

  test('a script of our own page sends header and cookies; one of another site sends neither cookies nor our word', async () => {
    const { app, provider, browser } = await begin()
    await browser.navigate(`${app}/set`)
    const own = await browser.fetch(`${app}/x`)
    expect(own.json()).toMatchObject({ 'x-csrf': '1', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', cookie: ALL })
    expect(own.json()).not.toHaveProperty('origin')
    const foreign = await browser.fetch(`${app}/x`, { from: provider, csrf: false, credentials: 'include' })
    expect(foreign.json()).toMatchObject({ 'sec-fetch-site': 'cross-site', origin: provider })
    expect(foreign.json()).not.toHaveProperty('cookie')
    expect(foreign.json()).not.toHaveProperty('x-csrf')
  })

  test('cookies can be looked at with their attributes, and meddled with', async () => {
    const { app, browser } = await begin()
    await browser.navigate(`${app}/set`)
    expect(browser.cookie('strict')).toMatchObject({ value: '1', httpOnly: true, sameSite: 'Strict', path: '/', secure: false })
    browser.jar.drop('strict')
    const { json } = await browser.navigate('/x')
    expect(json()).toMatchObject({ cookie: 'lax=1; plain=1' })
  })

  test.each([
    ['__Host-a=1; Secure; Path=/; Domain=shop.test', false],
    ['__Host-a=1; Path=/', false],
    ['__Host-a=1; Secure; Path=/x', false],
    ['__Host-Http-a=1; Secure; Path=/', false],
    ['__Host-Http-a=1; Secure; HttpOnly; Path=/', true],
    ['a=1; SameSite=None', false],
    ['a=1; Domain=other.test', false],
    ['a=1; Domain=shop.test', true],
  ])('%s is kept: %s', (line, isKept) => {
    const { jar } = createBrowser()
    jar.store(new URL('https://app.shop.test/'), [line])
    expect(jar.all()).toHaveLength(isKept ? 1 : 0)
  })
})
