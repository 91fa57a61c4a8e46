import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { BrowserContext, Page } from 'playwright-core'
import { until } from '../support/until.ts'
import { callApi, runScript, signIn } from './acts.ts'
import { type SignedIn, startSignedIn } from './signed-in.ts'
import type { World } from './world.ts'

let signedIn: SignedIn
let world: World
let person: BrowserContext
let app: Page
let page: Page

beforeAll(async () => {
  signedIn = await startSignedIn()
  ;({ world, person, app } = signedIn)
}, 60_000)
afterAll(() => signedIn?.stop())
beforeEach(async () => {
  page = await person.newPage()
})
afterEach(async () => {
  for (const opened of person.pages()) if (opened !== app) await opened.close()
})

/** Runs on whatever page is open; resolves with what its script learns. */
const run = (script: string, on: Page = page): Promise<unknown> => runScript(on, script)
const reached = (mark: string): boolean => world.api.requests.some(({ target, body }) => `${target}${body}`.includes(mark))
const cookies = async (of: BrowserContext = person) =>
  (await of.cookies(world.origin)).filter(({ name }) => name.startsWith('__Host-')).map(({ name }) => name)
const isSignedIn = async () => (await callApi(app, '/api/plain')).status === 200

/** Puts an element into the page and waits until it has loaded, or failed. */
const load = (tag: string, attribute: string, url: string) =>
  `await new Promise((done) => { const put = document.createElement('${tag}'); put.onload = put.onerror = done;
     setTimeout(done, 2000); put.${attribute} = '${url}'; document.body.append(put) });`

/** Sends a form of the open page, as somebody does who clicks. */
async function sendForm(method: string, url: string, fields = ''): Promise<void> {
  await run(`document.body.innerHTML = '<form method="${method}" action="${url}">${fields}</form>'; document.forms[0].submit()`)
  await page.waitForURL(`${world.origin}/**`)
}

describe('A page of another site, opened by a person who is signed in,', () => {
  beforeEach(async () => {
    await page.goto(world.strangerOrigin)
  })

  test.each([
    ['a fetch', "await fetch(URL, { credentials: 'include' })"],
    ['a fetch that asks for no answer', "await fetch(URL, { credentials: 'include', mode: 'no-cors' })"],
    ['a fetch with our header', "await fetch(URL, { credentials: 'include', headers: { 'X-CSRF': '1' } })"],
    ['a post without an answer', "await fetch(URL, { method: 'POST', credentials: 'include', mode: 'no-cors', body: 'a=1' })"],
    ['a fetch that outlives the page', "await fetch(URL, { credentials: 'include', mode: 'no-cors', keepalive: true })"],
    ['a beacon', "navigator.sendBeacon(URL, 'a=1'); await fetch(URL).catch(() => undefined)"],
    [
      'an event stream',
      'await new Promise((done) => { const events = new EventSource(URL, { withCredentials: true }); events.onerror = events.onopen = done })',
    ],
    [
      'a WebSocket, where they are carried',
      "await new Promise((done) => { const socket = new WebSocket(URL.replace('https', 'wss').replace('/api/', '/api/live/')); socket.onopen = socket.onclose = done })",
    ],
  ])('reaches nothing of the API by %s.', async (what, script) => {
    const mark = `by=${encodeURIComponent(what)}`
    await run(`const URL = '${world.origin}/api/echo?${mark}'; ${script}`)
    expect(reached(mark)).toBe(false)
  })

  test.each([
    ['img', 'src'],
    ['script', 'src'],
    ['iframe', 'src'],
    ['embed', 'src'],
    ['object', 'data'],
    ['video', 'src'],
    ['link', "rel = 'stylesheet'; put.href"],
    ['link', "rel = 'prefetch'; put.href"],
    ['link', "rel = 'modulepreload'; put.href"],
  ])('reaches nothing of the API, and begins and ends nothing, by <%s> with %s.', async (tag, attribute) => {
    const mark = `with=${`${tag} ${attribute}`.replaceAll(/\W/g, '_')}`
    for (const path of ['/api/transfer', '/api/live/transfer', '/bff/login', '/bff/logout', '/bff/callback'])
      await run(load(tag, attribute, `${world.origin}${path}?${mark}`))
    expect(reached(mark)).toBe(false)
    expect(await cookies()).toEqual(['__Host-Http-coatcheck'])
    expect(await isSignedIn()).toBe(true)
  })

  test.each(['post', 'get'])('reaches nothing of the API by a form that is sent by %s.', async (method) => {
    await sendForm(method, `${world.origin}/api/transfer`, `<input name="by" value="stranger-${method}">`)
    expect(reached(`stranger-${method}`)).toBe(false)
  })

  test('reaches nothing of the API by a window of its own.', async () => {
    const opened = person.waitForEvent('page')
    await page.evaluate(`void window.open('${world.origin}/api/transfer?by=window')`)
    await (await opened).waitForLoadState()
    expect(reached('by=window')).toBe(false)
  })

  test('learns nothing from a window that it opens on the app.', async () => {
    const opened = person.waitForEvent('page')
    await page.evaluate(`void (window.theirs = window.open('${world.origin}/bff/logout'))`)
    await (await opened).waitForLoadState()
    expect(
      await run(
        'return [theirs.closed || theirs.length === 0, String((() => { try { return theirs.document } catch (e) { return e.name } })())]',
      ),
    ).toEqual([true, expect.stringMatching(/SecurityError|TypeError|null/)])
  })

  // H-30
  test('cannot sign them out, by a form, a link or a frame.', async () => {
    await run(load('iframe', 'src', `${world.origin}/bff/logout`))
    await sendForm('post', `${world.origin}/bff/logout`)
    await page.goto(world.strangerOrigin)
    await page.evaluate(`location.href = '${world.origin}/bff/logout'`)
    await page.waitForURL(`${world.origin}/bff/logout`)
    expect(await isSignedIn()).toBe(true)
  })

  test('cannot show the app, the gateway or an API in a frame.', async () => {
    for (const path of ['/', '/bff/logout', '/bff/login', '/bff/session', '/api/plain', '/api/live/plain'])
      await run(load('iframe', 'src', world.origin + path))
    const frames = page.frames().filter((frame) => frame !== page.mainFrame())
    expect(frames).toHaveLength(6)
    await until('each is an error of the browser’s', () => frames.every((frame) => frame.url().startsWith('chrome-error:')))
  })
})

describe('A sign-in', () => {
  let victim: BrowserContext
  beforeEach(async () => {
    victim = await world.newPerson()
    page = await victim.newPage()
  })
  afterEach(() => victim.close())

  test.each([
    ['a link', (url: string) => page.evaluate(`location.href = '${url}'`)],
    ['a form', (url: string) => run(`document.body.innerHTML = '<form action="${url}"></form>'; document.forms[0].submit()`)],
    [
      'a form that is posted',
      (url: string) => run(`document.body.innerHTML = '<form method="post" action="${url}"></form>'; document.forms[0].submit()`),
    ],
  ])('is not begun from another site by %s: a page of ours asks first.', async (_, act) => {
    await page.goto(world.strangerOrigin)
    await act(`${world.origin}/bff/login`)
    await page.waitForURL(`${world.origin}/bff/login**`)
    expect(await cookies(victim)).toEqual([])
  })

  test.each(['iframe', 'img'])('is not begun from another site by <%s>.', async (tag) => {
    await page.goto(world.strangerOrigin)
    await run(load(tag, 'src', `${world.origin}/bff/login`))
    expect(await cookies(victim)).toEqual([])
  })

  test('is not begun by a prefetch, not even of the app itself.', async () => {
    await page.goto(world.origin)
    await run(load('link', "rel = 'prefetch'; put.href", `${world.origin}/bff/login`))
    expect(await cookies(victim)).toEqual([])
  })

  // H-01: somebody signs another person in as themselves, so that what they do then is done in that account.
  test('of somebody else is not finished in this browser, and stays theirs.', async () => {
    const attacker = await world.newPerson()
    try {
      const theirs = await attacker.newPage()
      let callback = ''
      const wire = await attacker.newCDPSession(theirs)
      wire.on('Fetch.requestPaused', ({ requestId, request }) => {
        callback = request.url
        wire.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' }).catch(() => undefined)
      })
      await wire.send('Fetch.enable', { patterns: [{ urlPattern: `${world.origin}/bff/callback?*` }] })
      await theirs.goto(world.origin)
      await theirs.locator('#sign-in').click()
      await theirs.getByRole('button', { name: 'Sign in' }).click()
      await until('the attacker has a callback', () => callback !== '')
      await wire.send('Fetch.disable')

      await page.goto(world.strangerOrigin)
      await page.evaluate(`location.href = '${callback}'`)
      await page.waitForURL(`${world.origin}/**`)
      expect(await cookies(victim)).toEqual([])
      await theirs.goto(callback)
      await theirs.locator('#who', { hasText: 'alice' }).waitFor()
    } finally {
      await attacker.close()
    }
  })

  // H-14, CK-19
  test('after cookies of our names were tossed by a sibling begins a session of its own, and not theirs.', async () => {
    const [planted] = (await person.cookies(world.origin)).filter(({ name }) => name === '__Host-Http-coatcheck')
    const value = planted?.value ?? ''
    await page.goto(world.siblingOrigin)
    for (const name of [
      '__Host-Http-coatcheck',
      '__Host-coatcheck',
      'coatcheck',
      ' __Host-Http-coatcheck',
      '__host-http-coatcheck',
    ])
      for (const attributes of ['Domain=shop.test; Path=/', 'Domain=shop.test; Path=/bff', 'Domain=shop.test; Path=/api'])
        await page.evaluate(
          `document.cookie = '${name}=${value}; Secure; ${attributes}'; document.cookie = '=${name}=${value}; Secure; ${attributes}'`,
        )
    await signIn(page, '/', world)
    const [own, ...more] = (await victim.cookies(world.origin)).filter(({ name }) => name === '__Host-Http-coatcheck')
    expect(more).toEqual([])
    expect(own?.value).not.toBe(value)
    expect((await callApi(page, '/api/plain')).status).toBe(200)
  })
})

describe('An API that answers with a document or a program', () => {
  const HTML = '<!doctype html><title>quiet</title><script>document.title = "ran"; fetch("/api/live/stolen")</script>'
  const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><script>fetch("/api/live/stolen")</script></svg>`

  test.each([
    ['text/html', HTML],
    ['image/svg+xml', SVG],
    [
      'application/xhtml+xml',
      `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>quiet</title><script>document.title = "ran"</script></head></html>`,
    ],
    [
      'application/xml',
      `<?xml-stylesheet type="text/xsl" href="#x"?><html xmlns="http://www.w3.org/1999/xhtml"><script>fetch("/api/live/stolen")</script></html>`,
    ],
  ])('of %s runs nothing when it is opened as a page, and is of nobody’s origin.', async (type, body) => {
    world.api.answer('/document', (_request, response) => void response.setHeader('Content-Type', type).end(body))
    await page.goto(world.origin)
    await page.evaluate(`location.href = '/api/live/document'`)
    await page.waitForURL(`${world.origin}/api/live/document`)
    await page.waitForLoadState()
    expect(await page.title()).not.toBe('ran')
    expect(await page.evaluate('self.origin')).toBe('null')
    expect(reached('stolen')).toBe(false)
  })

  test('makes no service worker of the app’s origin, whatever it allows.', async () => {
    world.api.answer('/worker.js', (_request, response) => {
      response.setHeader('Service-Worker-Allowed', '/').setHeader('Content-Type', 'text/javascript')
      response.end('self.addEventListener("fetch", (event) => event.respondWith(new Response("taken over")))')
    })
    await page.goto(world.origin)
    for (const [script, scope] of [
      ['/api/worker.js', '/'],
      ['/api/worker.js', '/api/'],
      ['/api/live/worker.js', '/'],
      ['/api/live/worker.js', '/api/live/'],
    ])
      expect(
        await run(`await navigator.serviceWorker.register('${script}', { scope: '${scope}' }); return 'registered'`),
      ).toMatch(/Error/)
    expect(await run('return (await navigator.serviceWorker.getRegistrations()).length')).toBe(0)
  })

  test('that claims to be a script is none for another site.', async () => {
    world.api.answer('/data.js', (_request, response) => {
      response.setHeader('Content-Type', 'text/javascript').setHeader('Access-Control-Allow-Origin', '*').end('window.leaked = 1')
    })
    await page.goto(world.strangerOrigin)
    for (const path of ['/api/data.js', '/api/live/data.js']) await run(load('script', 'src', world.origin + path))
    expect(await page.evaluate('window.leaked')).toBeUndefined()
  })
})
