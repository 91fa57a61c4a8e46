import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { BrowserContext, Page } from 'playwright-core'
import { callApi, signIn } from './acts.ts'
import { startWorld, type World } from './world.ts'
import { until } from '../support/until.ts'

let world: World
let person: BrowserContext
let tab: Page

beforeAll(async () => {
  world = await startWorld()
}, 60_000)
afterAll(() => world?.stop())

beforeEach(async () => {
  person = await world.newPerson()
  tab = await person.newPage()
  await signIn(tab, '/', world)
})
afterEach(() => person.close())

/** Runs in the page; what it keeps in `window.seen` is what the page was told. */
const openSocket = `new Promise((resolve, reject) => {
  window.seen = []
  window.socket = new WebSocket(location.origin.replace('https', 'wss') + '/api/live/echo', ['chat.v1', 'chat.v2'])
  socket.onopen = () => { seen.push('open ' + socket.protocol); resolve() }
  socket.onerror = () => reject(new Error('no WebSocket'))
  socket.onmessage = ({ data }) => seen.push('message ' + data)
  socket.onclose = ({ code, reason, wasClean }) => seen.push(['closed', code, reason, wasClean].join(' '))
})`
const openStream = `new Promise((resolve) => {
  window.events = []
  window.stream = new EventSource('/api/live/events')
  stream.onmessage = ({ data }) => { events.push('message ' + data); resolve() }
  stream.addEventListener('ended', ({ data }) => { events.push('ended ' + data); stream.close() })
})`
const seen = (page: Page) => page.evaluate<string[]>('window.seen')
// Asked from outside: what polls inside a page may be stopped by the page's own policy.
const when = (page: Page, condition: string) => until(condition, () => page.evaluate<boolean>(condition))

describe('in a page behind nginx', () => {
  test('a WebSocket carries messages both ways, with the person’s token and without their cookie', async () => {
    await tab.evaluate(openSocket)
    await tab.evaluate("socket.send('hello'); socket.send('x'.repeat(100000))")
    await when(tab, 'window.seen.length === 3')
    const [opened, first, second = ''] = await seen(tab)
    expect([opened, first, second.length]).toEqual(['open chat.v1', 'message hello', 'message '.length + 100_000])
    const asked = world.api.last()
    expect(asked.target).toBe('/echo')
    expect(asked.values('authorization')[0]).toMatch(/^Bearer \S+$/)
    expect(asked.values('cookie')).toEqual([])
    expect(asked.values('origin')).toEqual([world.origin])

    await tab.evaluate("socket.close(3001, 'enough')")
    await when(tab, 'window.seen.length === 4')
    expect((await seen(tab))[3]).toBe('closed 3001  true')
  })

  test('an event arrives when it is sent, and not when a buffer is full', async () => {
    await tab.evaluate(openStream)
    expect(await tab.evaluate('events')).toEqual(['message first'])
  })

  test('both end when the person signs out in another tab, and the page is told why', async () => {
    await tab.evaluate(openSocket)
    await tab.evaluate(openStream)
    const other = await person.newPage()
    await other.goto(world.origin)
    expect((await callApi(other, '/bff/logout', 'POST')).status).toBe(200)
    await when(tab, "window.seen.at(-1).startsWith('closed')")
    await when(tab, 'window.events.length === 2')
    expect((await seen(tab)).at(-1)).toBe('closed 4401 signed_out true')
    expect(await tab.evaluate('events')).toEqual(['message first', 'ended {"reason":"signed_out"}'])
  })

  test('a WebSocket is refused to a person who is not signed in', async () => {
    const stranger = await world.newPerson()
    const page = await stranger.newPage()
    await page.goto(world.origin)
    await expect(page.evaluate(openSocket)).rejects.toThrow('no WebSocket')
    await stranger.close()
  })
})
