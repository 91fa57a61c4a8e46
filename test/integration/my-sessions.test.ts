import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => story.stop())

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

interface Listed {
  readonly handle: string
  readonly current: boolean
}

/** Signs in with a device at an address. */
async function signedInAs(subject: string, userAgent = FIREFOX, address?: string, secondsAgo = 0): Promise<Browser> {
  const { provider, origin, openBrowser } = story
  const auth_time = Math.floor(Date.now() / 1_000) - secondsAgo
  provider.script.claims = (honest) => ({ ...honest, sub: subject, sid: crypto.randomUUID(), auth_time })
  const browser = await openBrowser()
  const headers = { 'User-Agent': userAgent, ...(address === undefined ? {} : { 'X-Forwarded-For': address }) }
  const start = await browser.navigate(`${origin}/bff/login`, { from: `${origin}/`, follow: false })
  const back = await browser.navigate(start.headers.location ?? '', { follow: false })
  await browser.navigate(back.headers.location ?? '', { from: provider.issuer, follow: false, headers })
  return browser
}

const ask = (browser: Browser, path = '', method = 'GET') => browser.fetch(`${story.origin}/bff/sessions${path}`, { method })
const listed = async (browser: Browser) => ((await ask(browser)).json() as { sessions: readonly Listed[] }).sessions
const handleOf = async (browser: Browser) => (await listed(browser)).find(({ current }) => current)?.handle ?? ''
const state = async (browser: Browser) => {
  const { status, headers } = await browser.fetch(`${story.origin}/api/x`)
  return headers['coatcheck-reason'] ?? status
}

const plain = (text: string) => text.replace(/"requestId":"[^"]+"/, '')

describe('my sessions', () => {
  test('are shown with device, network and times, the newest first, and nobody else’s', async () => {
    const phone = await signedInAs('ann', IPHONE, '198.51.100.23')
    const desk = await signedInAs('ann', FIREFOX, '2001:db8:1:2:3::7')
    await signedInAs('bob')
    const answer = await ask(desk)
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(answer.json()).toEqual({
      sessions: [
        {
          handle: expect.stringMatching(/^[\w-]{22}$/),
          device: { browser: 'Firefox', system: 'Linux', kind: 'desktop' },
          network: '2001:db8:1::/48',
          createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
          lastSeenAt: expect.stringMatching(/^\d{4}-.*Z$/),
          current: true,
        },
        {
          handle: expect.any(String),
          device: { browser: 'Safari', system: 'iOS', kind: 'mobile' },
          network: '198.51.100.0/24',
          createdAt: expect.any(String),
          lastSeenAt: expect.any(String),
          current: false,
        },
      ],
    })
    expect(answer.text).not.toMatch(/198\.51\.100\.23|Mozilla|sub|ann/)
    expect((await listed(phone)).map(({ current }) => current)).toEqual([false, true])
  })

  test('say nothing of a network or a device that nobody knows', async () => {
    const browser = await signedInAs('cy', 'curl/8')
    const { sessions } = (await ask(browser)).json() as { sessions: readonly object[] }
    expect(sessions[0]).not.toHaveProperty('network')
    const silent = await signedInAs('cyd', '')
    expect((await listed(silent))[0]).toMatchObject({ device: {} })
  })

  test('end one by one: the other as revoked, this one as signed out, and its cookie goes', async () => {
    const [here, there] = [await signedInAs('dora'), await signedInAs('dora')]
    const { status, text } = await ask(here, `/${await handleOf(there)}`, 'DELETE')
    expect([status, text]).toEqual([204, ''])
    expect([await state(here), await state(there)]).toEqual([200, 'revoked'])

    const handle = await handleOf(here)
    const cookie = here.cookie('coatcheck')?.value
    expect((await ask(here, `/${handle}`, 'DELETE')).status).toBe(204)
    expect(here.cookie('coatcheck')).toBeUndefined()
    const late = await here.fetch(`${story.origin}/api/x`, { headers: { Cookie: `coatcheck=${cookie}` } })
    expect([late.status, late.headers['coatcheck-reason']]).toEqual([401, 'signed_out'])
  })

  test('of another person are as unknown as one that never was, and go on', async () => {
    const [eve, fred] = [await signedInAs('eve'), await signedInAs('fred')]
    const theirs = await ask(eve, `/${await handleOf(fred)}`, 'DELETE')
    const never = await ask(eve, `/${'x'.repeat(22)}`, 'DELETE')
    expect([theirs.status, never.status]).toEqual([404, 404])
    expect(plain(theirs.text)).toBe(plain(never.text))
    expect([await state(eve), await state(fred)]).toEqual([200, 200])
  })

  test('all end but this one', async () => {
    const [here, there, gil] = [await signedInAs('gina'), await signedInAs('gina'), await signedInAs('gil')]
    expect((await ask(here, '', 'DELETE')).json()).toEqual({ ended: 1 })
    expect([await state(here), await state(there), await state(gil)]).toEqual([200, 'revoked', 200])
    expect(here.cookie('coatcheck')).toBeDefined()
  })

  test('all end, this one too', async () => {
    const [here, there] = [await signedInAs('hal'), await signedInAs('hal')]
    const cookie = here.cookie('coatcheck')?.value
    expect((await ask(here, '?all=true', 'DELETE')).json()).toEqual({ ended: 2 })
    expect([here.cookie('coatcheck'), await state(there)]).toEqual([undefined, 'revoked'])
    const late = await here.fetch(`${story.origin}/api/x`, { headers: { Cookie: `coatcheck=${cookie}` } })
    expect(late.headers['coatcheck-reason']).toBe('signed_out')
  })

  test('end only for who signed in lately, where that is demanded: others are told the way, and this one ends always', async () => {
    const usual = story
    story = await tellScriptedStory({ COATCHECK_SESSION_END_OTHERS_MAX_AGE: '5m' })
    try {
      const old = await signedInAs('kay', FIREFOX, undefined, 3_600)
      const other = await signedInAs('kay')
      const handle = await handleOf(other)
      for (const path of ['', '?all=true', `/${handle}`]) {
        const refusal = await ask(old, path, 'DELETE')
        expect(refusal.status).toBe(403)
        expect(refusal.json()).toMatchObject({ code: 'step_up_required', loginUrl: '/bff/login?maxAge=300' })
      }
      expect([await state(old), await state(other)]).toEqual([200, 200])

      const late = await signedInAs('kay')
      expect((await ask(late, `/${handle}`, 'DELETE')).status).toBe(204)
      expect([await state(other), (await ask(old, `/${await handleOf(old)}`, 'DELETE')).status]).toEqual(['revoked', 204])
    } finally {
      await story.stop()
      story = usual
    }
  })

  test.each(['?all=false', '?all', '?all=true&all=true'])('end not at all by a slip (%s)', async (query) => {
    const [here, there] = [await signedInAs('ida'), await signedInAs('ida')]
    expect((await ask(here, query, 'DELETE')).status).toBe(400)
    expect([await state(here), await state(there)]).toEqual([200, 200])
  })

  test.each([
    ['GET', ''],
    ['DELETE', ''],
    ['DELETE', '/xxxxxxxxxxxxxxxxxxxxxx'],
  ])('need a session and proof of origin (%s%s)', async (method, path) => {
    const { origin, openBrowser } = story
    expect((await ask(await openBrowser(), path, method)).status).toBe(401)
    const browser = await signedInAs('jo')
    const sibling = await browser.fetch(`${origin}/bff/sessions${path}`, { method, csrf: false })
    expect([sibling.status, await state(browser)]).toEqual([403, 200])
  })

  test('that have ended, or are idle, are listed no more', async () => {
    const [here, there] = [await signedInAs('kim'), await signedInAs('kim')]
    await there.fetch(`${story.origin}/bff/logout`, { method: 'POST' })
    expect(await listed(here)).toHaveLength(1)
  })

  test('are not extended by being looked at', async () => {
    const browser = await signedInAs('lea')
    const until = async () =>
      ((await browser.fetch(`${story.origin}/bff/session`)).json() as { idleExpiresAt: string }).idleExpiresAt
    const before = await until()
    await ask(browser)
    expect(await until()).toBe(before)
  })
})
