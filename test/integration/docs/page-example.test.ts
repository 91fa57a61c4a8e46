import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { startChromium, type Chromium } from '../../support/chromium.ts'
import { readDocument } from '../../support/documents.ts'
import { tellStory, type Story } from '../../support/story.ts'
import type { TestProvider } from '../../support/provider.ts'
import { until } from '../../support/until.ts'

/** What a reader of the README would write around its example: nothing. */
const PAGE = '<!doctype html><html lang="en"><title>Page</title><script type="module" src="/app.js"></script></html>'

/** Waits until an expression is true in the page. Asked from here each time: a poll inside the page is `eval`, which its policy forbids. */
async function holds(page: Page, expression: string): Promise<void> {
  // A page that is just being left has nobody to ask.
  await until(`the page says ${expression}`, async () => Boolean(await page.evaluate(expression).catch(() => false)))
}

describe('the page of the README', () => {
  let folder: string
  let story: Story<TestProvider>
  let chromium: Chromium

  beforeAll(async () => {
    const example = readDocument('README.md').blocks.find(({ language }) => language === 'js')?.code ?? ''
    folder = mkdtempSync(join(tmpdir(), 'coatcheck-docs-'))
    writeFileSync(join(folder, 'index.html'), PAGE)
    writeFileSync(join(folder, 'page.js'), example)
    writeFileSync(join(folder, 'app.js'), "import * as page from '/page.js'\nglobalThis.page = page\n")
    ;[story, chromium] = await Promise.all([
      tellStory({ COATCHECK_STATIC: folder }),
      startChromium({ hosts: ['localhost'], trust: '' }),
    ])
  })

  afterAll(async () => {
    await chromium.close()
    await story.stop()
    rmSync(folder, { recursive: true })
  })

  async function open(path: string): Promise<Page> {
    const page = await (await chromium.newPerson()).newPage()
    await page.goto(story.origin + path)
    return page
  }

  async function signIn(page: Page, path: string): Promise<void> {
    await run(page, 'void page.signIn()')
    await page.waitForURL(`${story.origin}${path}`)
    await holds(page, 'globalThis.page?.session().then((session) => session.authenticated)')
  }

  test('signs in and comes back to the very place, knows who that is, and calls the API with a token it never sees', async () => {
    const page = await open('/orders?open=yes#last')
    expect(await run(page, 'page.session()')).toMatchObject({ authenticated: false, reason: 'none' })

    await signIn(page, '/orders?open=yes#last')
    expect(await run(page, 'page.session()')).toMatchObject({ authenticated: true, user: { sub: 'alice' } })

    const echoed = await run(page, "page.ask('/api/orders', { method: 'POST', body: '{}' }).then((answer) => answer.json())")
    expect(echoed).toMatchObject({ method: 'POST', target: '/orders', body: '{}' })
    const call = story.upstream.last()
    expect(call.values('authorization')).toEqual([expect.stringMatching(/^Bearer \S+$/)])
    expect([...call.values('cookie'), ...call.values('x-csrf')]).toEqual([])
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  test('signs out here and goes on to the provider', async () => {
    const page = await open('/')
    await signIn(page, '/')
    await run(page, 'void page.signOut()')
    await page.waitForURL(`${story.provider.issuer}/session/end**`)

    await page.goto(`${story.origin}/`)
    expect(await run(page, 'page.session()')).toMatchObject({ authenticated: false })
  })

  test('leads whoever calls the API without a session to the sign-in, and back', async () => {
    const page = await open('/somewhere')
    await run(page, "void page.ask('/api/orders')")
    await holds(page, 'globalThis.page?.session().then((session) => session.authenticated)')
    expect(page.url()).toBe(`${story.origin}/somewhere`)
  })

  test('is no longer than it says: a screenful', () => {
    const example = readDocument('README.md').blocks.find(({ language }) => language === 'js')?.code ?? ''
    expect(example.split('\n').length).toBeLessThanOrEqual(20)
  })
})

/** Runs a sentence of the reader's own script; the example is there as `page`. */
function run(page: Page, script: string): Promise<unknown> {
  return holds(page, 'globalThis.page').then(() => page.evaluate(script))
}
