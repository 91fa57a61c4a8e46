import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { BrowserContext, Page } from 'playwright-core'
import { callApi, runScript, signIn } from './acts.ts'
import { type SignedIn, startSignedIn } from './signed-in.ts'
import type { World } from './world.ts'

let signedIn: SignedIn
let world: World
let person: BrowserContext
let app: Page
let sibling: Page

beforeAll(async () => {
  signedIn = await startSignedIn()
  ;({ world, person, app } = signedIn)
}, 60_000)
afterAll(() => signedIn?.stop())

// SameSite=Strict does not help here: app.shop.test and evil.shop.test are one site, so the browser does send the cookie.
beforeEach(async () => {
  sibling = await person.newPage()
  await sibling.goto(world.siblingOrigin)
})

/** Runs on the sibling's page; resolves with what its script learns. */
const attack = (script: string): Promise<unknown> => runScript(sibling, script)
const reached = (mark: string): boolean => world.api.requests.some(({ target }) => target.includes(mark))

test('The same call by the app itself arrives.', async () => {
  expect((await callApi(app, '/api/transfer?by=app')).status).toBe(200)
  expect(reached('by=app')).toBe(true)
})

describe('A page on a sibling host, opened by a person who is signed in,', () => {
  test('does send their cookie: it is the same site, and only the proof of origin is left.', async () => {
    const wire = await person.newCDPSession(sibling)
    await wire.send('Network.enable')
    const sent = new Promise<string>((resolve) => {
      wire.on('Network.requestWillBeSentExtraInfo', ({ headers }) => {
        // The sibling's own requests, such as for its picture, may come before.
        const host = headers['Host'] ?? headers[':authority']
        if (host === new URL(world.origin).host) resolve(headers['cookie'] ?? headers['Cookie'] ?? 'none')
      })
    })
    await attack(
      `await fetch('/favicon.ico'); await fetch('${world.origin}/api/transfer?by=cookie', { credentials: 'include', mode: 'no-cors' })`,
    )
    expect(await sent).toContain('__Host-Http-coatcheck=')
    expect(reached('by=cookie')).toBe(false)
  })

  test.each([
    ['a fetch', "await fetch(URL, { credentials: 'include' })"],
    [
      'a fetch with our header, which is asked for first',
      "await fetch(URL, { credentials: 'include', headers: { 'X-CSRF': '1' } })",
    ],
    ['a post', "await fetch(URL, { method: 'POST', credentials: 'include', body: 'a=1' })"],
    [
      'a post that asks for no answer',
      "await fetch(URL, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}' })",
    ],
    ['a beacon', 'navigator.sendBeacon(URL, "a=1"); await fetch(URL).catch(() => undefined)'],
    [
      'an image',
      'await new Promise((done) => { const image = new Image(); image.onload = image.onerror = done; image.src = URL })',
    ],
    [
      'a script',
      'await new Promise((done) => { const script = document.createElement("script"); script.onload = script.onerror = done; script.src = URL; document.body.append(script) })',
    ],
    [
      'a WebSocket',
      'await new Promise((done) => { const socket = new WebSocket(URL.replace("https", "wss")); socket.onopen = socket.onclose = done })',
    ],
    [
      'a WebSocket, where they are carried',
      'await new Promise((done) => { const socket = new WebSocket(URL.replace("https", "wss").replace("/api/transfer", "/api/live/echo")); socket.onopen = socket.onclose = done })',
    ],
    [
      'an event stream, where they are expected',
      'await new Promise((done) => { const events = new EventSource(URL.replace("/api/transfer", "/api/live/events"), { withCredentials: true }); events.onerror = done; events.onopen = done })',
    ],
    [
      'an event stream',
      'await new Promise((done) => { const events = new EventSource(URL, { withCredentials: true }); events.onerror = done; events.onopen = done })',
    ],
  ])('reaches nothing of the API by %s.', async (what, script) => {
    const mark = `by=${encodeURIComponent(what)}`
    await attack(`const URL = '${world.origin}/api/transfer?${mark}'; ${script}`)
    expect(reached(mark)).toBe(false)
  })

  test.each([
    ['a form', 'post', '/api/transfer'],
    ['a form that only asks', 'get', '/api/transfer'],
  ])('reaches nothing of the API by %s.', async (_, method, path) => {
    const mark = `form-${method}`
    await attack(
      `document.body.innerHTML = '<form method="${method}" action="${world.origin}${path}"><input name="by" value="${mark}"></form>'; document.forms[0].submit()`,
    )
    await sibling.waitForURL(`${world.origin}/**`)
    expect(world.api.requests.some(({ target, body }) => `${target}${body}`.includes(mark))).toBe(false)
  })

  test('learns nothing about the person.', async () => {
    expect(
      await attack(
        `return await (await fetch('${world.origin}/bff/session', { credentials: 'include', headers: { 'X-CSRF': '1' } })).text()`,
      ),
    ).toMatch(/TypeError: Failed to fetch/)
    expect(await attack(`return await (await fetch('${world.origin}/bff/session', { credentials: 'include' })).text()`)).toMatch(
      /TypeError: Failed to fetch/,
    )
  })

  test('cannot sign them out.', async () => {
    await attack(`await fetch('${world.origin}/bff/logout', { method: 'POST', credentials: 'include', mode: 'no-cors' })`)
    await attack(
      `document.body.innerHTML = '<form method="post" action="${world.origin}/bff/logout"></form>'; document.forms[0].submit()`,
    )
    await sibling.waitForURL(`${world.origin}/**`)
    expect((await callApi(app, '/api/still-here')).status).toBe(200)
  })

  test('cannot show the app or the gateway in a frame.', async () => {
    for (const path of ['/', '/bff/logout', '/bff/login']) {
      await attack(
        `await new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = '${world.origin}${path}'; document.body.append(frame) })`,
      )
    }
    const frames = sibling.frames().filter((frame) => frame !== sibling.mainFrame())
    expect(frames).toHaveLength(3)
    for (const frame of frames) expect(frame.url()).toMatch(/^chrome-error:/)
  })

  // CK-19: what a sibling can do is to plant cookies of other names, and to fill the jar.
  test('cannot plant a cookie that the gateway would take for its own.', async () => {
    await attack(`document.cookie = '__Host-Http-coatcheck=planted; Domain=shop.test; Secure; Path=/'`)
    await attack(`document.cookie = 'coatcheck=planted; Domain=shop.test; Secure; Path=/'`)
    expect((await callApi(app, '/api/planted')).status).toBe(200)
  })

  // RFC 6265bis §5.7: browsers hold a cookie to its prefix by its first byte, so that who reads more leniently than they do undoes it.
  test('cannot plant one whose name begins with another space, neither to lock them out nor to sign anybody in as somebody else.', async () => {
    const [stranger, nobody] = [await world.newPerson(), await world.newPerson()]
    await signIn(await stranger.newPage(), '/', world)
    const theirs = (await stranger.cookies(world.origin)).find(({ name }) => name === '__Host-Http-coatcheck')
    const page = await nobody.newPage()
    for (const before of ['\u00a0', '\u0085', '\u00c2\u00a0', '\u00e2\u0080\u0080']) {
      const planted = `${before}__Host-Http-coatcheck=${theirs?.value}; Domain=shop.test; Path=/; Secure`
      for (const each of [sibling, page]) await each.goto(`${world.siblingOrigin}/?set-cookie=${encodeURIComponent(planted)}`)
    }
    const found = await nobody.cookies(world.origin)
    expect(
      found.filter(({ domain, name }) => domain === '.shop.test' && name.endsWith('__Host-Http-coatcheck')).length,
    ).toBeGreaterThan(2)
    await page.goto(world.origin)
    expect((await callApi(page, '/api/as-whom')).status).toBe(401)
    expect((await callApi(app, '/api/planted')).status).toBe(200)
    for (const context of [stranger, nobody]) await context.close()
    await person.clearCookies({ domain: '.shop.test' })
  })
})
