import type { Page } from 'playwright-core'

/** Signs in on the demo's page, as one of its people. */
export async function signInToDemo(page: Page, name: string): Promise<void> {
  await page.locator('[data-action="sign-in"]').click()
  await page.getByRole('button', { name: `Sign in as ${name}` }).click()
  await page.locator('[data-action="sign-out"]').waitFor()
}
