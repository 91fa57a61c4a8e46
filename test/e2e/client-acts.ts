import type { BrowserContext, Page } from 'playwright-core'
import { metricOf } from '../support/metric-of.ts'
import { until } from '../support/until.ts'
import type { World } from './world.ts'

/** Opens the page that uses the client. */
export async function openClient(person: BrowserContext, { origin }: World, query = ''): Promise<Page> {
  const tab = await person.newPage()
  await tab.goto(`${origin}/client.html${query}`)
  await tab.locator('#who', { hasNotText: '?' }).waitFor()
  return tab
}

/** Signs in from that page, with a click at the provider, and ends on it. */
export async function signInByClient(tab: Page, name: string): Promise<void> {
  await says(tab, 'none')
  await tab.evaluate('void coatcheck.login()')
  await tab.getByRole('button', { name: 'Sign in' }).click()
  await says(tab, name)
}

/** Waits until a tab says who is signed in, or why nobody is. */
export async function says(tab: Page, who: string): Promise<void> {
  await tab.locator('#who', { hasText: new RegExp(`^${who}$`) }).waitFor()
}

/**
 * Waits until a tab that asks says that nobody is signed in. It knows why where it asks just before the browser knows that the cookie has
 * gone, or where another tab says so just then.
 */
export async function saysNobody(tab: Page): Promise<void> {
  await says(tab, '(?:none|signed_out)')
}

/** Ends the session as another tab would that knows nothing of the client, and tells nobody. */
export async function signOutSilently(person: BrowserContext, { origin }: World): Promise<void> {
  const tab = await person.newPage()
  await tab.goto(origin)
  // A machine that is busy enough makes a store late, and that is no signing out.
  const signOut = "fetch('/bff/logout', { method: 'POST', headers: { 'X-CSRF': '1' } }).then(({ ok }) => ok)"
  await until('the session is signed out', async () => Boolean(await tab.evaluate(signOut)))
  await tab.close()
}

/** How many requests the tabs of a person have made to one address. */
export function countRequests(person: BrowserContext, path: string): () => number {
  let count = 0
  person.on('request', (request) => {
    if (new URL(request.url()).pathname === path) count += 1
  })
  return () => count
}

/** How many event streams the gateway holds open. */
export async function openStreams({ gateway }: World): Promise<number> {
  const { privateUrl } = await gateway().listening()
  const metrics = await fetch(`${privateUrl}/metrics`)
  return metricOf(await metrics.text(), 'coatcheck_event_streams_open', {})
}

/** Ends the sessions of somebody from outside of every browser. */
export async function endFromOutside({ gateway }: World, secret: string, subject: string): Promise<void> {
  const { privateUrl } = await gateway().listening()
  const { status } = await fetch(`${privateUrl}/admin/sessions?subject=${subject}`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${secret}` },
  })
  if (status !== 200) throw new Error(`The administration answered ${status}.`)
}

/** Stops everything that runs in this browser's tabs, as a closed lid does, and lets it go on: no page is told. */
export async function closeLid(person: BrowserContext): Promise<{ readonly open: () => void }> {
  const browser = await person.browser()?.newBrowserCDPSession()
  if (!browser) throw new Error('There is no browser to stop.')
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
  await browser.detach()
  const tabs = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  const signal = (name: NodeJS.Signals) => {
    for (const id of tabs) process.kill(id, name)
  }
  signal('SIGSTOP')
  return { open: () => signal('SIGCONT') }
}

/** What a tab saw of its session's end, in milliseconds by the machine's clock. */
export interface SeenEnd {
  readonly shownAt: number
  readonly closedAt: number
  readonly code: number
  readonly reason: string
}

const WATCH_THE_END = `new Promise((resolve, reject) => {
  const end = {}
  const socket = new WebSocket(location.origin.replace('https', 'wss') + '/api/live/echo')
  socket.onopen = () => resolve()
  socket.onerror = () => reject(new Error('no WebSocket'))
  window.seenEnd = new Promise((seen) => {
    const note = (what) => {
      Object.assign(end, what)
      if (end.shownAt && end.closedAt) seen(end)
    }
    socket.onclose = ({ code, reason }) => note({ closedAt: Date.now(), code, reason })
    coatcheck.session.subscribe(({ state }) => state === 'signed-out' && note({ shownAt: Date.now() }))
  })
})`

/** Opens a WebSocket in a tab that uses the client, and has it note when that closes and when it shows that nobody is signed in. */
export async function watchTheEnd(tab: Page): Promise<void> {
  await tab.evaluate(WATCH_THE_END)
}

/** Resolves with what a tab noted, once it has ended for it. */
export function seenEnd(tab: Page): Promise<SeenEnd> {
  return tab.evaluate<SeenEnd>('seenEnd')
}
