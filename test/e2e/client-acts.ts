import type { BrowserContext, Page } from 'playwright-core'
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

/** Ends the session as another tab would that knows nothing of the client, and tells nobody. */
export async function signOutSilently(person: BrowserContext, { origin }: World): Promise<void> {
  const tab = await person.newPage()
  await tab.goto(origin)
  await tab.evaluate("fetch('/bff/logout', { method: 'POST', headers: { 'X-CSRF': '1' } })")
  await tab.close()
}

/** Counts the requests of a person's tabs to one address, and those of them that have not ended. */
export function countRequests(person: BrowserContext, path: string) {
  const open = new Set<unknown>()
  let all = 0
  person.on('request', (request) => {
    if (new URL(request.url()).pathname !== path) return
    all += 1
    open.add(request)
  })
  person.on('requestfinished', (request) => void open.delete(request))
  person.on('requestfailed', (request) => void open.delete(request))
  return { all: () => all, open: () => open.size }
}
