import type { Page } from 'playwright-core'
import type { World } from './world.ts'

/** Opens the app as a person does, and signs in with a real click at the provider; ends where the app says who it is. */
export async function signIn(page: Page, path: string, { origin }: World): Promise<void> {
  await page.goto(origin + path)
  await page.locator('#who', { hasText: 'nobody' }).waitFor()
  await page.locator('#sign-in').click()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('#who', { hasText: 'alice' }).waitFor()
}

/** What a script of the app is told. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** Calls as the app's own script does. */
export function callApi(page: Page, target: string, method = 'GET'): Promise<Answer> {
  const script = `fetch(${JSON.stringify(target)}, { method: '${method}', headers: { 'X-CSRF': '1' } }).then(async (answer) =>
    ({ status: answer.status, type: answer.headers.get('content-type') ?? '', body: await answer.text() }))`
  return page.evaluate<Answer>(script)
}

/** Runs a script on the page that is open there; resolves with what it learns, or with its error's text. */
export function runScript(page: Page, script: string): Promise<unknown> {
  return page.evaluate(`(async () => { ${script} })().catch(String)`)
}

/** Signs out as an app does, here and with a click at the provider, and ends in the app as nobody. */
export async function signOut(page: Page, { origin }: World): Promise<void> {
  const { body } = await callApi(page, '/bff/logout', 'POST')
  await page.goto(new URL(JSON.parse(body).continue, origin).href)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${origin}/**`)
  await page.goto(origin)
  await page.locator('#who', { hasText: 'nobody' }).waitFor()
}
