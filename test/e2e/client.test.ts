import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { BrowserContext, Page } from 'playwright-core'
import { until } from '../support/until.ts'
import {
  closeLid,
  countRequests,
  endFromOutside,
  openClient,
  openStreams,
  says,
  saysNobody,
  seenEnd,
  signInByClient,
  signOutSilently,
  watchTheEnd,
} from './client-acts.ts'
import { startWorld, type World } from './world.ts'

const EVENTS = '/bff/events'
const SIGN_OUT = "coatcheck.fetch('/bff/logout', { method: 'POST' }).then(() => undefined)"
const ASK_API = "coatcheck.fetch('/api/x').then(({ status }) => status)"
const ADMIN_SECRET = randomBytes(32).toString('base64url')

let world: World
let person: BrowserContext
let streams: () => number

beforeAll(async () => {
  world = await startWorld({ variables: { COATCHECK_EVENTS_HEARTBEAT: '1s', COATCHECK_ADMIN_SECRET: ADMIN_SECRET } })
}, 60_000)
afterAll(() => world?.stop())

beforeEach(async () => {
  world.provider.account = 'alice'
  person = await world.newPerson()
  streams = countRequests(person, EVENTS)
})
afterEach(() => person.close())

/** Waits until one stream is open, the first that these tabs have asked for or another one. */
async function streaming(least = 1): Promise<void> {
  await until(`there is stream ${least}`, async () => streams() >= least && (await openStreams(world)) === 1)
}

async function signedIn(query = ''): Promise<Page> {
  const tab = await openClient(person, world, query)
  await signInByClient(tab, 'alice')
  return tab
}

describe('tabs that use the client', () => {
  test('follow without a click when one of them signs out, over one stream for all', async () => {
    const tabs = [await signedIn(), await openClient(person, world), await openClient(person, world)]
    for (const tab of tabs) await says(tab, 'alice')
    await streaming()
    expect(streams()).toBe(1)

    await tabs[1]?.evaluate('void coatcheck.logout()')
    for (const tab of [tabs[0], tabs[2]]) if (tab) await says(tab, 'signed_out')
    await tabs[1]?.getByRole('button', { name: 'Sign out' }).waitFor()
    expect(streams()).toBe(1)
  })

  test.each([
    ['signs out in one of them', 'signed_out', (tab: Page) => tab.evaluate(SIGN_OUT)],
    ['is signed out by an administrator', 'revoked', () => endFromOutside(world, ADMIN_SECRET, 'alice')],
  ])('of a person who %s all show it, and their sockets close; those of another person go on', async (way, reason, act) => {
    const first = await signedIn()
    const tabs = [first, await openClient(person, world), await openClient(person, world)]
    world.provider.account = 'bob'
    const other = await world.newPerson()
    try {
      const theirs = [await openClient(other, world)]
      for (const tab of theirs) await signInByClient(tab, 'bob')
      theirs.push(await openClient(other, world), await openClient(other, world))
      for (const tab of [...tabs, ...theirs]) await watchTheEnd(tab)
      await until('both browsers hear of endings', async () => (await openStreams(world)) === 2)

      const since = Date.now()
      await act(first)
      const ends = await Promise.all(tabs.map(seenEnd))
      expect(ends.map(({ code, reason: why }) => [code, why])).toEqual(tabs.map(() => [4401, reason]))
      const last = Math.max(...ends.flatMap(({ shownAt, closedAt }) => [shownAt, closedAt])) - since
      console.log(`A person ${way}: the last of three tabs showed it, its WebSocket closed, after ${last} ms.`)
      for (const tab of tabs) await says(tab, reason)

      for (const tab of theirs) await says(tab, 'bob')
      expect(await Promise.all(theirs.map((tab) => tab.evaluate(ASK_API)))).toEqual(theirs.map(() => 200))
      expect(await openStreams(world)).toBe(1)
    } finally {
      await other.close()
    }
  })

  test('hear of an ending that no tab has caused, all of them', async () => {
    const tabs = [await signedIn(), await openClient(person, world)]
    await streaming()
    await signOutSilently(person, world)
    for (const tab of tabs) await says(tab, 'signed_out')
  })

  test('go on when the one that watched is closed: another takes over', async () => {
    const first = await signedIn()
    await streaming()
    const second = await openClient(person, world)
    const third = await openClient(person, world)
    await first.close()
    await streaming(2)
    await signOutSilently(person, world)
    for (const tab of [second, third]) await says(tab, 'signed_out')
  })

  test('are told when somebody else signs in, so that what was shown can go', async () => {
    const tab = await signedIn()
    world.provider.account = 'bob'
    const other = await openClient(person, world)
    await other.evaluate("void (location.href = '/bff/login?loginHint=bob&prompt=login&returnTo=/client.html')")
    await other.getByRole('button', { name: 'Sign in' }).click()
    await says(other, 'bob')
    await says(tab, 'bob')
    expect(await tab.evaluate('others')).toEqual(['bob'])
    expect(await other.evaluate('others')).toEqual([])
  })
})

describe('a tab that uses the client', () => {
  test('finds the session that has replaced its own, though the cookie of that comes later', async () => {
    const tab = await signedIn()
    await streaming()
    // What one browser does at once, two do one step after the other.
    const late = await world.newPerson()
    try {
      await late.addCookies(await person.cookies())
      const page = await late.newPage()
      await page.goto(`${world.origin}/bff/login?prompt=login&returnTo=/`)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await says(tab, 'replaced')
      await page.waitForURL(`${world.origin}/`)
      await person.addCookies(await late.cookies())
      await says(tab, 'alice')
    } finally {
      await late.close()
    }
  })

  test('hears of the session that this browser has now, though the one before it has never ended', async () => {
    const tab = await signedIn()
    await streaming()
    await person.clearCookies()
    const other = await person.newPage()
    await other.goto(`${world.origin}/bff/login?returnTo=/client.html`)
    await other.getByRole('button', { name: 'Sign in' }).click()
    await says(other, 'alice')
    await streaming(2)
    await signOutSilently(person, world)
    await says(tab, 'signed_out')
  })

  test('shows after a closed lid what happened meanwhile', async () => {
    const tab = await signedIn()
    await streaming()
    const lid = await closeLid(person)
    await endFromOutside(world, ADMIN_SECRET, 'alice')
    await world.stopGateway()
    await world.startGateway()
    lid.open()
    await says(tab, 'revoked')
  })

  test('that is frozen leaves watching to another one, and asks when it is thawed', async () => {
    const tab = await signedIn()
    await streaming()
    const other = await openClient(person, world)
    await tab.evaluate("void document.dispatchEvent(new Event('freeze'))")
    await streaming(2)
    await signOutSilently(person, world)
    await says(other, 'signed_out')
    await says(tab, 'alice')
    await tab.evaluate("void document.dispatchEvent(new Event('resume'))")
    await saysNobody(tab)
  })

  test('that hangs loses its place to another one', async () => {
    const tab = await signedIn()
    await streaming()
    const other = await openClient(person, world, '?silentMilliseconds=3000')
    await tab.evaluate('void setTimeout(() => { for (;;); })')
    await until('the other one watches', () => streams() === 2)
    await endFromOutside(world, ADMIN_SECRET, 'alice')
    await says(other, 'revoked')
  })

  test('learns it by asking where event streams are blocked', async () => {
    await person.route(`**${EVENTS}`, (route) => route.abort())
    const tabs = [await signedIn('?pollMilliseconds=300'), await openClient(person, world)]
    await until('streams were tried', () => streams() > 1)
    await signOutSilently(person, world)
    for (const tab of tabs) await saysNobody(tab)
  })

  test('asks by itself, and opens no stream, in a browser without locks and channels', async () => {
    await person.addInitScript('delete globalThis.BroadcastChannel; delete Navigator.prototype.locks')
    const tab = await signedIn('?pollMilliseconds=300')
    expect(await tab.evaluate("'locks' in navigator || 'BroadcastChannel' in globalThis")).toBe(false)
    await signOutSilently(person, world)
    await saysNobody(tab)
    expect(streams()).toBe(0)
  })

  test('comes back to a stream that was thrown away, and hears what comes next', async () => {
    const tab = await signedIn()
    await streaming()
    await world.stopGateway()
    await says(tab, 'alice')
    await world.startGateway()
    await streaming()
    await says(tab, 'alice')
    await signOutSilently(person, world)
    await says(tab, 'signed_out')
  })

  test('throws away a stream that has fallen silent', async () => {
    // The heartbeat comes every second; whoever expects it sooner takes every pause for silence.
    await signedIn('?silentMilliseconds=400')
    await until('a stream was given up', () => streams() > 1)
  })

  test('shares one "signed out" among calls that are refused together, and hands each its answer', async () => {
    const tab = await signedIn()
    await streaming()
    const asked = countRequests(person, '/bff/session')
    await person.clearCookies()
    const calls = "Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => coatcheck.fetch('/api/' + n).then(({ status }) => status)))"
    expect(await tab.evaluate(calls)).toEqual(Array(8).fill(401))
    await says(tab, 'none')
    // Once for all eight; once more where they are not refused at the same time, and once for the stream that has just opened.
    expect(asked()).toBeLessThanOrEqual(3)
  })

  test('comes back by the way-back button to what holds now', async () => {
    const tab = await signedIn()
    await tab.goto(`${world.origin}/`)
    await signOutSilently(person, world)
    await tab.goBack()
    await says(tab, 'none')
  })
})
