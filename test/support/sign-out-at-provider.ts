import type { Browser } from './browser.ts'
import type { TestProvider } from './provider.ts'

/** Signs out at the provider itself, as a person would who never comes by here. */
export async function signOutAtProvider(browser: Browser, { issuer }: Pick<TestProvider, 'issuer'>): Promise<void> {
  const page = await browser.navigate(`${issuer}/session/end`, { from: null })
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  await browser.navigate(`${issuer}/session/end/confirm`, { form: { xsrf, logout: 'yes' } })
}
