import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startChromium, type Chromium } from '../support/chromium.ts'
import { runDemo, type Demo } from '../support/demo.ts'
import { findFreePort } from '../support/free-port.ts'
import { signInToDemo } from './demo-acts.ts'

describe("the demo's page, when nobody does anything", () => {
  let chromium: Chromium
  let demo: Demo
  let url: string

  beforeAll(async () => {
    demo = runDemo({ COATCHECK_DEMO_PORT: String(await findFreePort()), COATCHECK_SESSION_IDLE_TIMEOUT: '10s' })
    ;[chromium, url] = await Promise.all([startChromium({ hosts: ['localhost'], trust: '' }), demo.url])
  })
  afterAll(async () => {
    await chromium.close()
    await demo.end('SIGINT')
  })

  test('warns in every tab; who answers in one has answered in all; and says at last that the session has ended', async () => {
    const one = await chromium.context.newPage()
    const other = await chromium.context.newPage()
    await one.goto(url)
    await signInToDemo(one, 'Mara Lindqvist')
    await other.goto(url)

    const title = { name: 'Are you still there?' }
    for (const tab of [one, other]) await tab.getByRole('heading', title).waitFor()
    expect(await one.locator('#left').innerText()).toMatch(/^0:0\d$/)
    await other.getByRole('button', { name: 'Stay signed in' }).click()
    for (const tab of [one, other]) await tab.getByRole('heading', title).waitFor({ state: 'hidden' })
    expect(await one.locator('.person').isVisible()).toBe(true)

    for (const tab of [one, other]) await tab.getByText('Nobody is signed in here.').waitFor()
    expect(await one.locator('#notice').innerText()).toMatch(/^You are signed out/)
    expect(await one.getByRole('heading', title).isVisible()).toBe(false)
  })
})
