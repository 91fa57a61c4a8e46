import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createServer } from 'node:http'
import type { BrowserContext, Page } from 'playwright-core'
import { startChromium, type Chromium } from '../support/chromium.ts'
import { runDemo, type Demo } from '../support/demo.ts'
import { findFreePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'
import { signInToDemo } from './demo-acts.ts'

describe('the demo, in a browser', () => {
  let chromium: Chromium
  let demo: Demo
  let url: string
  let port: number
  let complaints: string[]

  beforeAll(async () => {
    port = await findFreePort()
    demo = runDemo({ COATCHECK_DEMO_PORT: String(port) })
    ;[chromium, url] = await Promise.all([startChromium({ hosts: ['localhost'], trust: '' }), demo.url])
    complaints = []
    chromium.context.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${message.location().url}: ${message.text()}`)
    })
    chromium.context.on('weberror', (error) => complaints.push(error.error().message))
  })

  afterEach(async () => {
    // A tab that is left open goes on, and would follow the next person.
    await Promise.all(chromium.context.pages().map((page) => page.close()))
    await chromium.context.clearCookies()
    complaints.length = 0
  })

  afterAll(async () => {
    await chromium.close()
    await demo.end('SIGINT')
  })

  async function openPage(context: BrowserContext = chromium.context): Promise<Page> {
    const page = await context.newPage()
    await page.goto(url)
    return page
  }

  test('somebody signs in, sees who they are, calls the API without ever holding a token, and signs out', async () => {
    const page = await openPage()
    await signInToDemo(page, 'Mara Lindqvist')
    expect(page.url()).toBe(`${url}/`)
    await page.locator('.person', { hasText: /Mara Lindqvist\s+mara@example\.com\s*·?\s*guest/ }).waitFor()

    await page.getByRole('button', { name: 'GET /hello' }).click()
    await page.locator('#answer').waitFor()
    expect(await page.locator('#outcome').innerText()).toMatch(/^200/)
    expect(await page.locator('#body').innerText()).toContain('Good evening, Mara Lindqvist.')
    const headers = await page.locator('#headers').innerText()
    expect(headers).toMatch(/authorization\s+Bearer \S{4}…\(43 characters, hidden\)/)
    expect(headers).toMatch(/cookie\s+did not arrive/)

    expect(await page.evaluate('document.cookie')).toBe('')
    const [ticket, ...others] = await chromium.context.cookies(url)
    expect(others).toEqual([])
    expect(ticket).toMatchObject({ name: 'coatcheck', httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 })

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: /signed out/i }).waitFor()
    await page.goto(url)
    await page.getByText('Nobody is signed in here.').waitFor()
    expect(await chromium.context.cookies(url)).toEqual([])

    // Signed out at the provider too: it asks again who is coming in.
    await page.locator('[data-action="sign-in"]').click()
    await page.getByRole('heading', { name: 'Who is coming in?' }).waitFor()
    expect(complaints).toEqual([])
  })

  test('every call on the page shows an answer, an event stream as it comes', async () => {
    const page = await openPage()
    await signInToDemo(page, 'Jonas Okafor')
    const call = async (name: string, answer: string | RegExp): Promise<void> => {
      await page.getByRole('button', { name }).click()
      await page.locator('#body').getByText(answer).waitFor()
    }
    await call('GET /orders', /umbrella/)
    await call('POST /echo', /"coat": "grey"/)
    await call('GET /stream', /The doors open\./)
    await page
      .locator('#body')
      .getByText(/End of the stream\./)
      .waitFor()
    await call('GET /slow', /three seconds/)
    expect(complaints).toEqual([])

    await call('GET /fail', /failed, on purpose/)
    expect(await page.locator('#outcome').innerText()).toMatch(/^500\s+The API itself failed/)
  })

  test('a tab follows when another one signs out, without a click', async () => {
    const one = await openPage()
    await signInToDemo(one, 'Inês Duarte')
    const other = await openPage()
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.getByRole('heading', { name: /signed out/i }).waitFor()

    await one.getByText('Nobody is signed in here.').waitFor()
    expect(await one.locator('#notice').innerText()).toMatch(/^You are signed out/)
  })

  test('a call without a ticket says why, and offers nothing as if somebody were signed in', async () => {
    const page = await openPage()
    await page.getByText('Nobody is signed in here.').waitFor()
    await page.getByRole('button', { name: 'GET /hello' }).click()
    await page.locator('#answer').waitFor()
    expect(await page.locator('#outcome').innerText()).toMatch(/^401\s+Coatcheck did not carry the call: nobody is signed in\./)
  })

  test('whoever cancels at the provider lands on a page of the app that offers a way on', async () => {
    const page = await openPage()
    await page.locator('[data-action="sign-in"]').click()
    await page.getByRole('button', { name: 'Cancel and go back' }).click()
    await page.getByRole('heading', { name: 'Sign-in cancelled' }).waitFor()
    expect(new URL(page.url()).origin).toBe(url)
    await page.getByRole('link', { name: /sign in again/i }).click()
    await page.getByRole('heading', { name: 'Who is coming in?' }).waitFor()
  })

  test('a sign-in page that was left behind says what to do, in the same dress', async () => {
    const page = await openPage()
    await page.locator('[data-action="sign-in"]').click()
    await page.getByRole('heading', { name: 'Who is coming in?' }).waitFor()
    const address = page.url()
    await page.context().clearCookies()
    await page.goto(address)
    await page.getByRole('heading', { name: 'That did not work' }).waitFor()
    expect((await page.goto(new URL('/nothing', address).href))?.status()).toBe(404)
    await page.getByRole('heading', { name: 'That did not work' }).waitFor()
  })

  test('a second demo on the same port says which port, who holds it and what to do', async () => {
    const second = runDemo({ COATCHECK_DEMO_PORT: String(port) })
    expect(await second.end()).toBe(1)
    expect(second.said()).toContain(`Port ${port} is in use, probably by another Coatcheck demo.`)
    expect(second.said()).toContain(`COATCHECK_DEMO_PORT=${port + 1} npm run demo`)
    expect(second.said()).not.toContain('    at ')
  })
})

describe('the demo, as a command', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('says little, and %s ends everything that it started', async (signal) => {
    const port = await findFreePort()
    const demo = runDemo({ COATCHECK_DEMO_PORT: String(port) })
    expect(await demo.url).toBe(`http://localhost:${port}`)
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Host: `localhost:${port}` } })
    await answer.text()

    expect(await demo.end(signal)).toBe(0)
    expect(demo.said().trim().split('\n')).toHaveLength(5)
    const next = createServer()
    await new Promise<void>((resolve, reject) => next.once('error', reject).listen(port, '127.0.0.1', resolve))
    await new Promise((resolve) => next.close(resolve))
  })

  test('provider and API run on their own too, from variables, and end when they are told to', async () => {
    const [providerPort, apiPort] = [await findFreePort(), await findFreePort()]
    const shared = { DEMO_ISSUER: `http://127.0.0.1:${providerPort}`, DEMO_CLIENT_SECRET: 'a-secret-of-this-test' }
    const provider = runDemo(
      { ...shared, DEMO_APP_URL: 'https://localhost:8443', DEMO_PROVIDER_LISTEN: `127.0.0.1:${providerPort}` },
      'demo/provider.ts',
    )
    const api = runDemo({ ...shared, DEMO_API_LISTEN: `127.0.0.1:${apiPort}` }, 'demo/api.ts')
    await until('both listen', () => [provider, api].every((part) => part.said().includes('listens on')))

    const metadata = await fetch(`${shared.DEMO_ISSUER}/.well-known/openid-configuration`)
    expect(await metadata.json()).toMatchObject({ issuer: shared.DEMO_ISSUER, code_challenge_methods_supported: ['S256'] })
    const refused = await fetch(`http://127.0.0.1:${apiPort}/hello`, { headers: { Authorization: 'Bearer made-up' } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"')

    expect(await Promise.all([provider.end('SIGTERM'), api.end('SIGTERM')])).toEqual([0, 0])

    const listens = { DEMO_PROVIDER_LISTEN: `127.0.0.1:${providerPort}` }
    const forgetful = runDemo({ ...listens, DEMO_ISSUER: shared.DEMO_ISSUER }, 'demo/provider.ts')
    expect(await forgetful.end()).toBe(1)
    expect(forgetful.said()).toContain('Set DEMO_APP_URL, DEMO_CLIENT_SECRET')
  })

  test('a port that another program holds, and a port that is none, are said in a sentence', async () => {
    const holder = createServer((_request, response) => response.end('something else'))
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = typeof address === 'object' ? address?.port : undefined

    const demo = runDemo({ COATCHECK_DEMO_PORT: String(port) })
    expect(await demo.end()).toBe(1)
    expect(demo.said()).toContain(`Port ${port} is in use, probably by another program`)
    holder.closeAllConnections()
    await new Promise((resolve) => holder.close(resolve))

    const typo = runDemo({ COATCHECK_DEMO_PORT: '80 80' })
    expect(await typo.end()).toBe(1)
    expect(typo.said()).toBe('COATCHECK_DEMO_PORT is "80 80"; write a port between 1 and 65535, such as 8081.\n')
  })
})
