import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser } from '../support/browser.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

const SECRET = randomBytes(36).toString('base64url')

let story: Story<ScriptedProvider>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_ADMIN_SECRET: SECRET })
})
afterAll(() => story.stop())

async function signedInAs(subject: string, sid: string): Promise<Browser> {
  story.provider.script.claims = (honest) => ({ ...honest, sub: subject, sid })
  return story.signedIn()
}

interface Asking {
  readonly method?: string
  readonly secret?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function administer(target: string, { method = 'GET', secret = SECRET, headers = {} }: Asking = {}) {
  const answer = await fetch(`${story.gateway.privateUrl}/admin/${target}`, {
    method,
    headers: { Authorization: `Bearer ${secret}`, ...headers },
  })
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

const state = async (browser: Browser) => {
  const { status, headers } = await browser.fetch(`${story.origin}/api/x`)
  return headers['coatcheck-reason'] ?? status
}

const audited = () => story.gateway.logs('administered').at(-1)

describe('an administrator', () => {
  test('sees whose sessions are open, and is on record for it', async () => {
    await signedInAs('ann', 'ann-1')
    await signedInAs('ann', 'ann-2')
    const headers = { 'Coatcheck-Administrator': 'root@example.com' }
    const { status, body } = await administer('sessions?subject=ann&why=ticket-7', { headers })
    const session = {
      subject: 'ann',
      handle: expect.any(String),
      device: {},
      createdAt: expect.any(String),
      lastSeenAt: expect.any(String),
    }
    expect(status).toBe(200)
    expect(body).toEqual({
      sessions: expect.arrayContaining([
        { ...session, providerSession: 'ann-1' },
        { ...session, providerSession: 'ann-2' },
      ]),
    })
    expect(audited()).toMatchObject({
      audit: true,
      outcome: 'listed',
      administrator: 'root@example.com',
      why: 'ticket-7',
      subject: 'ann',
      time: expect.any(String),
    })
    expect(((await administer('sessions?providerSession=ann-2')).body as { sessions: unknown[] }).sessions).toHaveLength(1)
  })

  test('ends all sessions of a person, and nobody else’s', async () => {
    const [bob, again, cy] = [await signedInAs('bob', 'bob-1'), await signedInAs('bob', 'bob-2'), await signedInAs('cy', 'cy-1')]
    expect(await administer('sessions?subject=bob&why=left', { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { ended: 2 },
    })
    expect([await state(bob), await state(again), await state(cy)]).toEqual(['revoked', 'revoked', 200])
    expect(audited()).toMatchObject({ outcome: 'ended', administrator: 'admin.secret', why: 'left', subject: 'bob', ended: 2 })
    expect(await administer('sessions?subject=bob', { method: 'DELETE' })).toMatchObject({ status: 200, body: { ended: 0 } })
  })

  test('ends what was begun at one session of the provider', async () => {
    const [one, other] = [await signedInAs('dora', 'dora-1'), await signedInAs('dora', 'dora-2')]
    expect(await administer('sessions?providerSession=dora-1', { method: 'DELETE' })).toMatchObject({ body: { ended: 1 } })
    expect([await state(one), await state(other)]).toEqual(['revoked', 200])
  })

  test('ends a single session by its handle, which has to be that person’s', async () => {
    const [one, other] = [await signedInAs('eve', 'eve-1'), await signedInAs('eve', 'eve-2')]
    const { body } = await administer('sessions?providerSession=eve-1')
    const { handle } = (body as { sessions: [{ handle: string }] }).sessions[0]
    for (const whose of ['subject=ann', 'subject=ann&providerSession=eve-1'])
      expect(await administer(`sessions?${whose}&handle=${handle}`, { method: 'DELETE' })).toMatchObject({ status: 404 })
    expect(await administer(`sessions?subject=eve&handle=${handle}`, { method: 'DELETE' })).toMatchObject({ body: { ended: 1 } })
    expect([await state(one), await state(other)]).toEqual(['revoked', 200])
  })

  test.each([
    'sessions',
    'sessions?subject=',
    'sessions?subject=fay&subject=x',
    'sessions?subject=fay&providersession=x',
    'sessions?handle=x',
  ])('ends nothing by a slip (%s), and is on record for it', async (target) => {
    const fay = await signedInAs('fay', crypto.randomUUID())
    expect((await administer(target, { method: 'DELETE' })).status).toBe(400)
    expect(audited()).toMatchObject({ outcome: 'failed', note: 'request_invalid', administrator: 'admin.secret' })
    expect(await state(fay)).toBe(200)
  })

  test.each([
    ['POST', 'sessions?subject=x', 405],
    ['GET', 'session', 404],
    ['GET', '../admin/', 404],
  ])('finds nothing else there (%s %s)', async (method, target, status) => {
    expect((await administer(target, { method })).status).toBe(status)
  })
})

describe('anybody else', () => {
  test.each<[string, Asking]>([
    ['without a secret', { headers: { Authorization: '' } }],
    ['with another one', { secret: 'x'.repeat(48) }],
    ['with the beginning of it', { secret: SECRET.slice(0, -1) }],
    ['with more than it', { secret: `${SECRET}x` }],
    ['with it in another scheme', { headers: { Authorization: `Basic ${SECRET}` } }],
  ])('%s ends nothing and is told nothing, and there is a record of it', async (_, asking) => {
    const gil = await signedInAs('gil', crypto.randomUUID())
    const before = await story.gateway.metric('coatcheck_administration_requests_total', { outcome: 'refused' })
    const { status, headers, body } = await administer('sessions?subject=gil', { ...asking, method: 'DELETE' })
    expect([status, headers.get('www-authenticate'), body]).toEqual([401, 'Bearer realm="coatcheck"', { code: 'unauthorized' }])
    expect(await state(gil)).toBe(200)
    expect(audited()).toMatchObject({ outcome: 'refused', audit: true, level: 'warn' })
    expect(await story.gateway.metric('coatcheck_administration_requests_total', { outcome: 'refused' })).toBe(before + 1)
    expect(story.gateway.logText()).not.toContain(SECRET.slice(0, -1))
  })

  test('finds no administration on the public listener, nor anywhere while there is no secret', async () => {
    const headers = { Authorization: `Bearer ${SECRET}` }
    expect((await fetch(`${story.origin}/admin/sessions?subject=ann`, { headers })).status).toBe(404)
    const other = await tellScriptedStory()
    try {
      expect((await fetch(`${other.gateway.privateUrl}/admin/sessions?subject=ann`, { headers })).status).toBe(404)
    } finally {
      await other.stop()
    }
  })
})
