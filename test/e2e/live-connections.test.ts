import { once } from 'node:events'
import { createServer } from 'node:http'
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
const listen = `new Promise((resolve) => {
  window.told = []
  window.listening = new EventSource('/bff/events')
  listening.onopen = () => { told.push('open'); resolve() }
  listening.addEventListener('ended', ({ data }) => told.push('ended ' + data))
})`
const ended = (reason: string) => `ended {"reason":"${reason}","loginUrl":"/bff/login"}`
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

  test('our own event stream opens at once, and says at once that they signed out in another tab', async () => {
    await tab.evaluate(listen)
    const other = await person.newPage()
    await other.goto(world.origin)
    await callApi(other, '/bff/logout', 'POST')
    await when(tab, 'window.told.length >= 2')
    expect((await tab.evaluate<string[]>('told')).slice(0, 2)).toEqual(['open', ended('signed_out')])
    // This page does not hang up: the browser comes back by itself, without its cookie by now, and is not left without an answer.
    await when(tab, 'window.told.length >= 4')
    expect((await tab.evaluate<string[]>('told')).slice(2, 4)).toEqual(['open', ended('none')])
    await tab.evaluate('listening.close()')
  })

  test('a browser keeps the id that a stream begins with, before there is any event', async () => {
    const ids: (string | undefined)[] = []
    const server = createServer((request, response) => {
      if (request.url !== '/events') return response.writeHead(200, { 'Content-Type': 'text/html' }).end()
      ids.push(request.headers['last-event-id']?.toString())
      return response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('retry: 1\n: open\nid: first\n\n')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      const page = await person.newPage()
      await page.goto(`http://127.0.0.1:${Object(server.address()).port}/`)
      await page.evaluate("void new EventSource('/events')")
      await until('it has come back', () => ids.length > 1)
      expect(ids.slice(0, 2)).toEqual([undefined, 'first'])
      await page.close()
    } finally {
      server.close().closeAllConnections()
    }
  })

  test('a WebSocket is refused to a person who is not signed in', async () => {
    const stranger = await world.newPerson()
    const page = await stranger.newPage()
    await page.goto(world.origin)
    await expect(page.evaluate(openSocket)).rejects.toThrow('no WebSocket')
    await stranger.close()
  })
})
