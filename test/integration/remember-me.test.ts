import { afterEach, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { createStops } from '../support/stops.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

const running = createStops()
afterEach(running.stopAll)

async function withSetting(rememberMe?: 'offered' | 'always'): Promise<Story<ScriptedProvider>> {
  const story = await tellScriptedStory({ COATCHECK_SESSION_REMEMBER_ME: rememberMe })
  running.add(story.stop)
  return story
}

async function signedInBy(query: string, { openBrowser, origin }: Story<ScriptedProvider>): Promise<Browser> {
  const browser = await openBrowser()
  await browser.navigate(`${origin}/bff/login${query}`, { from: `${origin}/` })
  return browser
}

/** The browser is closed and opened again: cookies without a lifetime of their own are gone. */
function restart(browser: Browser): void {
  for (const { name, expiresAt } of browser.jar.all()) if (expiresAt === undefined) browser.jar.drop(name)
}

async function isSignedIn(browser: Browser, { origin }: Story<ScriptedProvider>): Promise<boolean> {
  return ((await browser.fetch(`${origin}/bff/session`)).json() as { authenticated: boolean }).authenticated
}

describe.each([
  [undefined, '?remember=true', false],
  ['offered', '?remember=true', true],
  ['offered', '?remember=false', false],
  ['offered', '?remember=', false],
  ['offered', '', false],
  ['always', '', true],
  ['always', '?remember=false', true],
] as const)('with rememberMe %s, a sign-in by /bff/login%s', (setting, query, remembers) => {
  test(`${remembers ? 'outlives' : 'does not outlive'} the browser`, async () => {
    const story = await withSetting(setting)
    const browser = await signedInBy(query, story)
    expect(await isSignedIn(browser, story)).toBe(true)
    restart(browser)
    expect(await isSignedIn(browser, story)).toBe(remembers)
    expect(story.gateway.logs('session_began')[0]?.['remembered']).toBe(remembers ? true : undefined)
  })
})

describe('a remembered session', () => {
  test('ends for good when its person signs out: its cookie is deleted with the attributes that it was set with', async () => {
    const story = await withSetting('offered')
    const browser = await signedInBy('?remember=true', story)
    const set = browser.answers.flatMap(({ setCookies }) => setCookies).find(({ name }) => name === 'coatcheck')
    const answer = await browser.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
    const gone = answer.setCookies.find(({ name }) => name === 'coatcheck')
    const { value: _, expiresAt: __, ...attributes } = set ?? { value: '', expiresAt: 0 }
    expect(gone).toMatchObject(attributes)
    expect(gone?.expiresAt).toBeLessThan(Date.now())
    expect(browser.cookie('coatcheck')).toBeUndefined()
    restart(browser)
    expect(await isSignedIn(browser, story)).toBe(false)
  })

  test('is followed by one that is not, where the person does not choose it again', async () => {
    const story = await withSetting('offered')
    const browser = await signedInBy('?remember=true', story)
    await story.signIn(browser)
    expect(browser.cookie('coatcheck')?.expiresAt).toBeUndefined()
    restart(browser)
    expect(await isSignedIn(browser, story)).toBe(false)
  })

  test('cannot be had by a value that is none', async () => {
    const story = await withSetting('offered')
    const browser = await story.openBrowser()
    const page = await browser.navigate(`${story.origin}/bff/login?remember=yes`, { from: `${story.origin}/` })
    expect([page.status, story.provider.count('authorization')]).toEqual([400, 0])
  })

  test('goes by what was chosen where the sign-in began, whatever the callback says', async () => {
    const story = await withSetting('offered')
    const browser = await story.openBrowser()
    const start = await browser.navigate(`${story.origin}/bff/login`, { from: `${story.origin}/`, follow: false })
    const back = await browser.navigate(start.headers.location ?? '', { follow: false })
    await browser.navigate(`${back.headers.location}&remember=true`, { from: story.provider.issuer, follow: false })
    expect(browser.cookie('coatcheck')).toMatchObject({ expiresAt: undefined })
  })
})
