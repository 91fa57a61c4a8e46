import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Coatcheck, createCoatcheck } from '../../../client/create-coatcheck.ts'
import type { Session } from '../../../client/session.ts'
import { fakeBrowser, type FakeBrowser, toldNobody, toldSession, withOtherTabs } from './fake-browser.ts'

let browser: FakeBrowser
let others: ReturnType<typeof withOtherTabs>
let coatcheck: Coatcheck
/** What `GET /bff/session` says; undefined where the gateway cannot. */
let answer: unknown

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)
const comeBack = () => browser.window.dispatchEvent(new Event('focus'))
const tell = (session: Session) => others.say({ news: { session, askedAt: Date.now(), answeredAt: Date.now() } })

beforeEach(() => {
  browser = fakeBrowser()
  others = withOtherTabs()
  jest.useFakeTimers()
  browser.answer = () => (answer === undefined ? new Response('', { status: 503 }) : Response.json(answer))
})
afterEach(() => {
  coatcheck.close()
  jest.useRealTimers()
})

function refuse(): never {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}

/** The one that watches is alive: it passes heartbeats on, and has no news. */
async function hearOthers(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 15_000) {
    others.say({})
    await pass(15_000)
  }
}

describe('a tab beside the one that watches', () => {
  test('goes on saying why the session ended, though the gateway cannot say it any more', async () => {
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(5_000)
    answer = toldNobody('none')
    tell({ state: 'signed-out', reason: 'revoked' })
    const heard: unknown[] = []
    coatcheck.session.subscribe((session) => heard.push(session))
    comeBack()
    await pass(10)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'revoked' })
    expect(heard).toEqual([])
  })

  test('does not say of one session why the one before it ended', async () => {
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(5_000)
    const { current } = coatcheck.session
    answer = undefined
    browser.answer = () => Response.json({}, { status: 401, headers: { 'Coatcheck-Reason': 'idle' } })
    await coatcheck.fetch('/api/x')
    await pass(5_000)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
    tell(current)
    expect(coatcheck.session.current.state).toBe('signed-in')
    browser.answer = () => Response.json(toldNobody('none'))
    comeBack()
    await pass(10)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'none' })
  })

  test('that came at a bad moment asks again, though nobody tells it anything', async () => {
    answer = undefined
    coatcheck = createCoatcheck()
    await hearOthers(30_000)
    expect(coatcheck.session.current.state).toBe('unknown')
    answer = toldSession('alice')
    await hearOthers(60_000)
    expect(coatcheck.session.current).toMatchObject({ state: 'signed-in', user: { sub: 'alice' } })
    const before = browser.asked.length
    await hearOthers(300_000)
    expect(browser.asked.length).toBe(before)
  })

  test('that was refused while nobody could say more finds out that it is signed in all the same', async () => {
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(5_000)
    browser.answer = ({ url }) =>
      url === '/api/slow'
        ? Response.json({}, { status: 401, headers: { 'Coatcheck-Reason': 'idle' } })
        : new Response('', { status: 503 })
    await Promise.all([coatcheck.fetch('/api/slow'), coatcheck.fetch('/api/slow'), coatcheck.fetch('/api/slow')])
    await hearOthers(15_000)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
    browser.answer = () => Response.json(answer)
    await hearOthers(30_000)
    expect(coatcheck.session.current).toMatchObject({ state: 'signed-in', user: { sub: 'alice' } })
  })

  test('asks less and less often while nobody can say', async () => {
    answer = undefined
    coatcheck = createCoatcheck()
    await hearOthers(600_000)
    expect(browser.asked.length).toBeGreaterThan(15)
    expect(browser.asked.length).toBeLessThan(40)
  })

  test('that is come back to before the network is asks once it is there', async () => {
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(5_000)
    answer = undefined
    comeBack()
    await pass(400)
    answer = toldNobody('idle')
    browser.window.dispatchEvent(new Event('online'))
    await pass(10)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
  })

  test('asks when it is come back to, though the clock was set back meanwhile', async () => {
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(5_000)
    comeBack()
    await pass(5_000)
    jest.setSystemTime(Date.now() - 3_600_000)
    answer = toldNobody('idle')
    comeBack()
    await pass(10)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
  })
})

describe('the tab that watches', () => {
  test('says that it is there, however seldom it asks, so that no other one takes its place', async () => {
    others = withOtherTabs(true)
    answer = toldSession('alice', 43_000)
    browser.answer = ({ url }) => (url === '/bff/events' ? new Response('', { status: 503 }) : Response.json(answer))
    coatcheck = createCoatcheck({ pollMilliseconds: 240_000 })
    await pass(60_000)
    for (let round = 0; round < 20; round += 1) {
      others.told.length = 0
      await pass(40_000)
      expect(others.told.length).toBeGreaterThan(0)
    }
    const before = browser.asked.length
    await pass(2_400_000)
    expect(browser.asked.length - before).toBeLessThan(20)
  })
})

describe('a tab of an old or a locked browser', () => {
  test('asks by itself where timeouts are unknown', async () => {
    const timeout = Object.getOwnPropertyDescriptor(AbortSignal, 'timeout') ?? {}
    Reflect.deleteProperty(AbortSignal, 'timeout')
    try {
      answer = toldSession('alice')
      coatcheck = createCoatcheck()
      await pass(10)
      expect(coatcheck.session.current).toMatchObject({ state: 'signed-in' })
    } finally {
      Object.defineProperty(AbortSignal, 'timeout', timeout)
    }
  })

  test('gives a question up that nobody answers', async () => {
    browser.answer = ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('cut'))))
    coatcheck = createCoatcheck()
    await pass(60_000)
    expect(browser.asked.length).toBeGreaterThan(2)
    expect(browser.asked.at(-2)?.signal?.aborted).toBe(true)
  })

  test('asks by itself where the browser refuses to let tabs talk', async () => {
    Object.defineProperty(globalThis, 'BroadcastChannel', { value: refuse, configurable: true })
    answer = toldSession('alice')
    coatcheck = createCoatcheck()
    await pass(10)
    expect(coatcheck.session.current).toMatchObject({ state: 'signed-in' })
    answer = toldNobody('idle')
    await pass(60_000)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
  })
})
