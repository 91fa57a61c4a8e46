import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type Coatcheck, createCoatcheck } from '../../../client/create-coatcheck.ts'
import { type Asked, fakeBrowser, type FakeBrowser, toldNobody, toldSession, withoutTabs } from './fake-browser.ts'

let browser: FakeBrowser
let coatcheck: Coatcheck
/** What the gateway answers, by path; what is not here is 503. */
let answers: Record<string, (asked: Asked) => Response>

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) => Response.json(body, { status, headers })
const refusal = (reason: string) => json({ reason }, 401, { 'Coatcheck-Reason': reason })
const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)
const questions = () => browser.asked.filter(({ url }) => url === '/bff/session').length

beforeEach(async () => {
  browser = fakeBrowser()
  withoutTabs()
  jest.useFakeTimers()
  answers = { '/bff/session': () => json(toldSession('alice')) }
  browser.answer = (asked) => answers[asked.url]?.(asked) ?? new Response('', { status: 503 })
  coatcheck = createCoatcheck()
  await pass(1)
})
afterEach(() => {
  coatcheck.close()
  jest.useRealTimers()
})

describe('a page', () => {
  test('learns who is signed in with one question', () => {
    expect(coatcheck.session.current).toMatchObject({ state: 'signed-in', user: { sub: 'alice' }, expiring: false })
    expect(questions()).toBe(1)
    expect(browser.asked[0]?.headers.get('X-CSRF')).toBe('1')
  })

  test.each([
    ['the gateway cannot say', () => new Response('', { status: 503 })],
    ['somebody else answers', () => new Response('<html>')],
    ['something on the way has failed, whatever it says', () => json(toldNobody(), 502)],
    [
      'the network is away',
      () => {
        throw new TypeError('Failed to fetch')
      },
    ],
  ])('is not told "signed out" while %s, and hears it once it is so', async (_, answer) => {
    answers['/bff/session'] = answer
    await pass(300_000)
    expect(questions()).toBeGreaterThan(5)
    expect(coatcheck.session.current.state).toBe('signed-in')
    answers['/bff/session'] = () => json(toldNobody('idle'))
    await pass(60_000)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
  })

  test('that knew nothing yet stays in the unknown meanwhile', async () => {
    delete answers['/bff/session']
    const other = createCoatcheck()
    await pass(120_000)
    expect(other.session.current).toEqual({ state: 'unknown' })
    other.close()
  })

  test('may ask for itself, and gets what holds then', async () => {
    answers['/bff/session'] = () => json(toldNobody('idle'))
    expect(await coatcheck.refresh()).toEqual({ state: 'signed-out', reason: 'idle' })
  })

  test('asks anew when somebody comes back to it, once for all that tells so', async () => {
    const before = questions()
    await pass(5_000)
    browser.setHidden(true)
    browser.setHidden(false)
    browser.window.dispatchEvent(new Event('focus'))
    browser.window.dispatchEvent(new Event('online'))
    await pass(10)
    expect(questions() - before).toBe(1)
  })

  test.each(['freeze', 'pagehide'])('does nothing after %s, and asks when it is there again', async (event) => {
    const target = event === 'freeze' ? browser.page : browser.window
    target.dispatchEvent(new Event(event))
    const before = questions()
    await pass(3_600_000)
    expect(questions()).toBe(before)
    answers['/bff/session'] = () => json(toldNobody('idle'))
    browser.page.dispatchEvent(new Event('resume'))
    browser.window.dispatchEvent(new Event('pageshow'))
    await pass(10)
    expect(questions()).toBe(before + 1)
    expect(coatcheck.session.current.state).toBe('signed-out')
  })

  test('notices by the clock that the machine has slept', async () => {
    await pass(6_000)
    const before = questions()
    jest.setSystemTime(Date.now() + 3_600_000)
    await pass(5_000)
    expect(questions()).toBe(before + 1)
  })

  test('does nothing any more once the client is closed', async () => {
    coatcheck.close()
    browser.window.dispatchEvent(new Event('focus'))
    await pass(3_600_000)
    expect(questions()).toBe(1)
  })

  test('is warned of the end and relieved of the warning, by the answers alone', async () => {
    answers['/bff/session'] = () => json(toldSession('alice', 200))
    await pass(40_000)
    expect(coatcheck.session.current).toMatchObject({ state: 'signed-in', expiring: true })
    answers['/bff/session/extend'] = () => json(toldSession('alice'))
    expect(await coatcheck.extend()).toMatchObject({ state: 'signed-in', expiring: false })
    expect(coatcheck.session.current).toMatchObject({ expiring: false })
  })
})

describe('a call that is refused for want of a session', () => {
  test('shows the end once, however many are refused, with the reason that was told', async () => {
    const states: unknown[] = []
    coatcheck.session.subscribe(({ state, reason }) => states.push([state, reason]))
    answers['/api/x'] = () => refusal('revoked')
    answers['/bff/session'] = () => json(toldNobody())
    const calls = await Promise.all([1, 2, 3].map(() => coatcheck.fetch('/api/x')))
    await pass(10)
    expect(calls.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(states).toEqual([['signed-out', 'revoked']])
    expect(questions()).toBeLessThanOrEqual(3)
  })

  test('shows it also where the gateway cannot say more', async () => {
    answers['/api/x'] = () => refusal('idle')
    delete answers['/bff/session']
    await coatcheck.fetch('/api/x')
    await pass(10)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'idle' })
  })

  test.each([true, false])('says nothing of a session that has begun meanwhile (the gateway can tell: %s)', async (canTell) => {
    answers['/api/x'] = () => refusal('replaced')
    if (!canTell) delete answers['/bff/session']
    await coatcheck.fetch('/api/x')
    await pass(10)
    expect(coatcheck.session.current.state).toBe('signed-in')
  })

  test('is not looked into for ever where nothing has replaced the session', async () => {
    answers['/api/x'] = () => refusal('replaced')
    answers['/bff/session'] = () => json(toldNobody('replaced'))
    await coatcheck.fetch('/api/x')
    await pass(120_000)
    const before = questions()
    await pass(3_600_000)
    expect(questions()).toBe(before)
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'replaced' })
  })

  test('is no end where it is older than what holds now, whatever reason it was refused with', async () => {
    answers['/api/slow'] = () => refusal('idle')
    const states: string[] = []
    coatcheck.session.subscribe(({ state }) => states.push(state))
    await coatcheck.fetch('/api/slow')
    await pass(10)
    expect(states).toEqual([])
  })

  test('asks nothing more once the end is known', async () => {
    answers['/bff/session'] = () => json(toldNobody('idle'))
    answers['/api/x'] = () => refusal('idle')
    await coatcheck.fetch('/api/x')
    await pass(10)
    const before = questions()
    await coatcheck.fetch('/api/x')
    await pass(10)
    expect(questions()).toBe(before)
  })
})

describe('signing in and out', () => {
  test('leaves for the sign-in and names the place to come back to', () => {
    coatcheck.login()
    coatcheck.login('/welcome')
    expect(browser.left).toEqual(['/bff/login?returnTo=%2Forders%3Fopen%3Dyes%23last', '/bff/login?returnTo=%2Fwelcome'])
  })

  test('ends the session and goes on to where the gateway says', async () => {
    answers['/bff/logout'] = ({ method, headers }) =>
      json({ continue: method === 'POST' && headers.get('X-CSRF') === '1' ? '/bff/logout/continue?handle=x' : '/wrong' })
    await coatcheck.logout()
    expect(coatcheck.session.current).toEqual({ state: 'signed-out', reason: 'signed_out' })
    expect(browser.left).toEqual(['/bff/logout/continue?handle=x'])
  })

  test('signs out once for two clicks, so that the second one does not lead past the provider', async () => {
    let count = 0
    answers['/bff/logout'] = () =>
      json({ continue: (count += 1) === 1 ? '/bff/logout/continue?handle=x' : '/bff/logout/callback' })
    await Promise.all([coatcheck.logout(), coatcheck.logout()])
    // The page is still there until the next one is.
    await coatcheck.logout()
    expect(browser.left).toEqual(['/bff/logout/continue?handle=x'])
  })

  test('signs out again in a page that was left so, and came back to a new session', async () => {
    answers['/bff/logout'] = () => json({ continue: '/bff/logout/callback' })
    await coatcheck.logout()
    await pass(1)
    await coatcheck.refresh()
    expect(coatcheck.session.current.state).toBe('signed-in')
    await coatcheck.logout()
    expect(coatcheck.session.current.state).toBe('signed-out')
    expect(browser.left).toHaveLength(2)
  })

  test('may try again to sign out where it did not work', async () => {
    const first = expect(coatcheck.logout()).rejects.toThrow('503')
    await pass(20_000)
    await first
    answers['/bff/logout'] = () => json({ continue: '/bff/logout/callback' })
    await coatcheck.logout()
    expect(browser.left).toHaveLength(1)
  })

  test('says that it did not work where it did not, and goes nowhere', async () => {
    const signingOut = expect(coatcheck.logout()).rejects.toThrow('503')
    await pass(20_000)
    await signingOut
    expect(coatcheck.session.current.state).toBe('signed-in')
    expect(browser.left).toEqual([])
  })

  test('cannot extend what has ended, and says what holds instead', async () => {
    answers['/bff/session/extend'] = () => refusal('idle')
    answers['/bff/session'] = () => json(toldNobody('idle'))
    expect(await coatcheck.extend()).toEqual({ state: 'signed-out', reason: 'idle' })
    delete answers['/bff/session/extend']
    await expect(coatcheck.extend()).rejects.toThrow('503')
  })

  test('finds the gateway under another prefix', async () => {
    const other = createCoatcheck({ prefix: '/auth' })
    other.login('/')
    await pass(1)
    expect(browser.left).toEqual(['/auth/login?returnTo=%2F'])
    expect(browser.asked.map(({ url }) => url)).toContain('/auth/session')
    other.close()
  })
})
