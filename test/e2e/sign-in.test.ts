import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Page, Request } from 'playwright-core'
import { type Answer, callApi, signIn, signOut } from './acts.ts'
import { startWorld, type World } from './world.ts'

let world: World
let page: Page

beforeAll(async () => {
  world = await startWorld()
}, 60_000)

afterAll(() => world?.stop())

beforeEach(async () => {
  page = await (await world.newPerson()).newPage()
})

afterEach(() => page.context().close())

const cookieOf = async (request: Request | undefined) => (await request?.allHeaders())?.['cookie'] ?? ''
const ticket = async () => (await page.context().cookies(world.origin)).filter(({ name }) => !name.includes('-login-'))

test('A person signs in, calls the API with a token that they never see, and signs out.', async () => {
  await signIn(page, '/', world)
  const { status } = await callApi(page, '/api/orders?of=me')
  expect(status).toBe(200)
  const call = world.api.last()
  expect(call.target).toBe('/orders?of=me')
  expect(call.values('authorization')).toEqual([expect.stringMatching(/^Bearer .{20,}$/)])
  expect(call.values('cookie')).toEqual([])

  const [old] = await ticket()
  await signOut(page, world)
  expect(await ticket()).toEqual([])

  // H-11: what the cookie opened is gone, not only the cookie.
  await page.context().addCookies([old ?? { name: 'none', value: '' }])
  expect(await callApi(page, '/api/orders')).toMatchObject({
    status: 401,
    body: expect.stringContaining('"reason":"signed_out"'),
  })
})

test("A person signs out by the gateway's own page, without a script.", async () => {
  await signIn(page, '/', world)
  await page.goto(`${world.origin}/bff/logout`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${world.origin}/**`)
  expect(await ticket()).toEqual([])
  await page.goto(world.origin)
  await page.locator('#who', { hasText: 'nobody' }).waitFor()
})

test('The browser keeps one cookie, which no script, no other host and no other site ever gets.', async () => {
  await signIn(page, '/', world)
  const cookies = (await page.context().cookies()).filter(({ domain }) => domain.endsWith('shop.test'))
  expect(cookies).toEqual([
    {
      name: '__Host-Http-coatcheck',
      value: expect.stringMatching(/^[\w%.-]{60,200}$/),
      // Without a leading dot: for this host alone.
      domain: 'app.shop.test',
      path: '/',
      // No Max-Age: the server decides when it ends.
      expires: -1,
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
    },
  ])
})

test('A script sees no cookie and finds nothing in any storage.', async () => {
  await signIn(page, '/', world)
  expect(await page.evaluate('document.cookie')).toBe('')
  expect(await page.evaluate('[localStorage.length, sessionStorage.length]')).toEqual([0, 0])
  expect(await page.evaluate('indexedDB.databases()')).toEqual([])
  expect(await page.evaluate('caches.keys()')).toEqual([])
})

// CK-02
test('A script cannot plant a cookie of our name.', async () => {
  await page.goto(world.origin)
  await page.evaluate('document.cookie = "__Host-Http-coatcheck=planted; Secure; Path=/"')
  expect(await ticket()).toEqual([])
})

// SEC-01, SEC-05
test('A page of the gateway arrives with each of its protections once, as the gateway said it.', async () => {
  const answer = await page.goto(`${world.origin}/bff/logout`)
  const headers = (await answer?.headersArray()) ?? []
  const valuesOf = (name: string) => headers.filter((header) => header.name.toLowerCase() === name).map(({ value }) => value)
  expect(valuesOf('strict-transport-security')).toEqual(['max-age=31536000; includeSubDomains'])
  expect(valuesOf('content-security-policy')).toEqual([expect.stringContaining("frame-ancestors 'none'")])
  expect(valuesOf('x-content-type-options')).toEqual(['nosniff'])
  expect(valuesOf('cache-control')).toEqual(['no-store'])
  expect(valuesOf('server')).toEqual(['nginx'])
  expect(valuesOf('x-powered-by')).toEqual([])
})

test('A deep link survives the sign-in, with its query and its fragment.', async () => {
  const link = '/orders/7?tab=a%2Fb&next=//other.test/x#the=fragment?'
  await signIn(page, link, world)
  expect(page.url()).toBe(world.origin + link)
})

// CK-11: the landing page came from another site, so the Strict cookie stays behind; what the page itself asks is signed in.
test('The page after the sign-in is asked for without the cookie, and its own calls are made with it.', async () => {
  const requests: Request[] = []
  page.on('request', (request) => requests.push(request))
  await signIn(page, '/landing', world)
  const landing = requests.findLast((request) => request.url() === `${world.origin}/landing`)
  const asking = requests.findLast((request) => request.url() === `${world.origin}/bff/session`)
  expect(await cookieOf(landing)).not.toContain('__Host-Http-coatcheck=')
  expect(await cookieOf(asking)).toContain('__Host-Http-coatcheck=')
})

test('Two tabs that sign in at the same time both end signed in.', async () => {
  const other = await page.context().newPage()
  for (const tab of [page, other]) {
    await tab.goto(`${world.origin}/tab`)
    await tab.locator('#who', { hasText: 'nobody' }).waitFor()
  }
  for (const tab of [page, other]) await tab.locator('#sign-in').click()
  for (const tab of [page, other]) await tab.getByRole('button', { name: 'Sign in' }).waitFor()
  for (const tab of [page, other]) await tab.getByRole('button', { name: 'Sign in' }).click()
  for (const tab of [page, other]) await tab.locator('#who', { hasText: 'alice' }).waitFor()
  for (const tab of [page, other]) expect((await callApi(tab, '/api/x')).status).toBe(200)
})

test('Signing out in one tab signs out the other.', async () => {
  await signIn(page, '/', world)
  const other = await page.context().newPage()
  await other.goto(world.origin)
  await other.locator('#who', { hasText: 'alice' }).waitFor()
  await signOut(page, world)
  expect((await callApi(other, '/api/x')).status).toBe(401)
  await other.reload()
  await other.locator('#who', { hasText: 'nobody' }).waitFor()
})

test('The back button after the sign-in leads to the app, signed in.', async () => {
  await signIn(page, '/start', world)
  await page.goto(`${world.origin}/later`)
  await page.goBack()
  await page.goBack()
  await page.goBack()
  expect(page.url()).toBe(`${world.origin}/start`)
  await page.reload()
  await page.locator('#who', { hasText: 'alice' }).waitFor()
})

test('A callback that is opened again leads on to the app.', async () => {
  const callback = Promise.withResolvers<string>()
  page.on('request', (request) => {
    if (request.url().includes('/bff/callback?')) callback.resolve(request.url())
  })
  await signIn(page, '/', world)
  await page.goto(await callback.promise)
  await page.locator('#who', { hasText: 'alice' }).waitFor()
  expect(new URL(page.url()).origin).toBe(world.origin)
})

test('A person who refuses at the provider is told so, and may try again.', async () => {
  world.provider.interactive = 'deny'
  try {
    await page.goto(world.origin)
    await page.locator('#who', { hasText: 'nobody' }).waitFor()
    await page.locator('#sign-in').click()
    await page.waitForURL(/\/bff\/callback/)
    expect(await page.locator('main').innerText()).toMatch(/cancelled|not granted/)
    // H-17: the provider's words are not shown, least of all as markup.
    expect(await page.content()).not.toContain('refused</b>')
  } finally {
    world.provider.interactive = 'page'
  }
  await page.getByRole('link', { name: /again/ }).click()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('#who', { hasText: 'alice' }).waitFor()
})

test('While the gateway is down, a person is told so by a page, and a script by a problem; afterwards they are still signed in.', async () => {
  await signIn(page, '/', world)
  await world.stopGateway()
  try {
    const said: Answer = await callApi(page, '/api/x')
    expect(said).toMatchObject({ status: 503, type: 'application/problem+json' })
    expect(JSON.parse(said.body)).toMatchObject({ code: 'gateway_unavailable' })
    const answer = await page.goto(`${world.origin}/bff/logout`)
    expect(answer?.status()).toBe(503)
    await page.getByRole('heading', { name: 'Back in a moment' }).waitFor()
    // Its style is let in by its own policy.
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).not.toBe('none')
  } finally {
    await world.startGateway()
  }
  await page.getByRole('link', { name: 'Try again' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await page.goto(world.origin)
  await page.locator('#who', { hasText: 'alice' }).waitFor()
})
