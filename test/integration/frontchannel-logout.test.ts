import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true', COATCHECK_TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => story.stop())

const FRAME = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' }

async function signedInAt(sid: string): Promise<Browser> {
  story.provider.script.claims = (honest) => ({ ...honest, sid })
  return story.signedIn()
}

function frame(
  query: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = FRAME,
): Promise<Response> {
  return fetch(`${story.origin}/bff/frontchannel-logout?${new URLSearchParams(query).toString()}`, { headers })
}

const state = async (browser: Browser) => {
  const { status, headers } = await browser.fetch(`${story.origin}/api/x`)
  return headers['coatcheck-reason'] ?? status
}

describe('front-channel logout', () => {
  test('ends the sessions of a session at the provider, without any cookie, and others go on', async () => {
    const { provider } = story
    const [sid, other] = [crypto.randomUUID(), crypto.randomUUID()]
    const [mine, theirs] = [await signedInAt(sid), await signedInAt(other)]
    const answer = await frame({ iss: provider.issuer, sid })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await state(mine), await state(theirs)]).toEqual(['ended_by_provider', 200])
    expect(story.gateway.logs('frontchannel_logout').at(-1)).toMatchObject({ outcome: 'ended', providerSession: sid, ended: 1 })
  })

  test('may be framed by the provider, and by nobody else; nothing else of ours may', async () => {
    const { provider, origin } = story
    const { headers } = await frame({ iss: provider.issuer, sid: crypto.randomUUID() })
    expect(headers.get('content-security-policy')).toBe(`default-src 'none'; frame-ancestors ${provider.issuer}`)
    expect(headers.get('x-frame-options')).toBeNull()
    const page = await fetch(`${origin}/bff/logout`)
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
  })

  test.each<[string, (sid: string, issuer: string) => Readonly<Record<string, string>> | string]>([
    ['of another issuer', (sid) => ({ iss: 'https://evil.example', sid })],
    ['without an issuer', (sid) => ({ sid })],
    ['without a session', (_, iss) => ({ iss })],
    ['of a session that nobody has', (sid, iss) => ({ iss, sid: `${sid}x` })],
    ['of the person instead', (_, iss) => ({ iss, sub: 'alice' })],
  ])('%s changes nothing, and says the same as if it had', async (_, make) => {
    const { provider } = story
    const sid = crypto.randomUUID()
    const browser = await signedInAt(sid)
    const [vain, real] = [
      await frame(make(sid, provider.issuer)),
      await frame({ iss: provider.issuer, sid: crypto.randomUUID() }),
    ]
    expect([vain.status, await vain.text()]).toEqual([200, await real.text()])
    expect(await state(browser)).toBe(200)
  })

  test('with a session twice is refused', async () => {
    const { provider } = story
    const sid = crypto.randomUUID()
    const browser = await signedInAt(sid)
    expect((await frame(`iss=${encodeURIComponent(provider.issuer)}&sid=${sid}&sid=${sid}`)).status).toBe(400)
    expect(await state(browser)).toBe(200)
  })

  test('of a session whose name could be guessed changes nothing', async () => {
    const browser = await signedInAt('42')
    await frame({ iss: story.provider.issuer, sid: '42' })
    expect(await state(browser)).toBe(200)
  })

  test.each(['image', 'script', 'document', 'empty'])(
    'by a request for %s, which no provider makes, changes nothing',
    async (destination) => {
      const sid = crypto.randomUUID()
      const browser = await signedInAt(sid)
      expect((await frame({ iss: story.provider.issuer, sid }, { ...FRAME, 'Sec-Fetch-Dest': destination })).status).toBe(403)
      expect(await state(browser)).toBe(200)
    },
  )

  test('by guessing is 429 after a while', async () => {
    const headers = { ...FRAME, 'X-Forwarded-For': '203.0.113.9' }
    const statuses = []
    for (let n = 0; n < 61; n += 1)
      statuses.push((await frame({ iss: story.provider.issuer, sid: crypto.randomUUID() }, headers)).status)
    expect([statuses[59], statuses[60]]).toEqual([200, 429])
  })

  test('is not there unless the configuration says so', async () => {
    const other = await tellScriptedStory()
    try {
      expect((await fetch(`${other.origin}/bff/frontchannel-logout?iss=x&sid=y`)).status).toBe(404)
    } finally {
      await other.stop()
    }
  })
})
