import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import express, { type Request, type Response } from 'express'
import type { SessionConfig } from '../../../src/config/config.ts'
import { Secret } from '../../../src/config/secret.ts'
import { asGatewayError, GatewayError } from '../../../src/errors.ts'
import { deriveCookieKeys } from '../../../src/security/cookie-keys.ts'
import { createReadTicket } from '../../../src/security/read-ticket.ts'
import type { BeginningLogin } from '../../../src/session/begin-session.ts'
import { createSessions } from '../../../src/session/create-sessions.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import type { Store } from '../../../src/store/port.ts'
import { createSealer } from '../../../src/store/sealing.ts'
import { makeTokens, PLAIN_SESSIONS, sessionParts } from '../../support/session-parts.ts'
import { createStops } from '../../support/stops.ts'

const NAME = '__Host-Http-coatcheck'
const stops = createStops()
afterEach(stops.stopAll)

/** The counter lane's sessions behind a server that begins one at /begin and does at /use what the test wants. */
async function setUp(wrap: (store: Store) => Store = (store) => store, chosen: Partial<SessionConfig> = {}) {
  const { keys, now, secrets: own, namespace, report, clock } = sessionParts()
  const secrets = [own[0], new Secret('older'.repeat(9))] as const
  const cookieKeys = deriveCookieKeys(secrets, namespace)
  const store = wrap(createMemoryStore({ mostRecords: 1_000, now }))
  const sessions = createSessions({
    config: {
      baseUrl: { origin: 'https://app.example.com', host: 'app.example.com', secure: true, prefix: '/bff' },
      secrets,
      session: {
        idleTimeoutMilliseconds: 3_600_000,
        absoluteTimeoutMilliseconds: 36_000_000,
        ...PLAIN_SESSIONS,
        mostCached: 10,
        withoutRefreshToken: 'end',
        ...chosen,
      },
      provider: provider(),
      store: { kind: 'memory', mostRecords: 1_000 },
      login: { timeoutMilliseconds: 600_000, mostOpen: 20, mostPerMinutePerAddress: 120, mostPerMinutePerBrowser: 60 },
    },
    store,
    namespace,
    cookieName: NAME,
    cookieKeys,
    readTicket: createReadTicket(NAME, cookieKeys, 10),
    onEnded: () => undefined,
    onUnknown: () => undefined,
    peers: { accountableAddress: () => undefined },
    report,
    now,
  })
  const errors: string[] = []
  const login: { -readonly [Name in keyof BeginningLogin]: BeginningLogin[Name] } = { startedAt: 0 }
  const use: { work: (request: Request) => unknown } = { work: (request) => request.session.record }
  const app = express()
  app.get('/begin', sessions.expressAnew, async (request, response) => {
    await sessions.begin(request, makeTokens(), login)
    response.end('begun')
  })
  app.get('/use', sessions.express, async (request, response) => {
    response.json((await use.work(request)) ?? null)
  })
  app.use((error: unknown, _: Request, response: Response, next: () => void) => {
    errors.push(asGatewayError(error).code)
    if (response.headersSent) next()
    else response.status(500).end()
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.add(() => {
    server.close().closeAllConnections()
  })
  const { port } = server.address() as AddressInfo

  async function get(path: string, headers: Readonly<Record<string, string>> = {}) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    return { status: answer.status, body: await answer.text(), setCookies: answer.headers.getSetCookie() }
  }
  const begin = async (headers: Readonly<Record<string, string>> = {}) => {
    const [line = ''] = (await get('/begin', headers)).setCookies
    const cookie = line.slice(0, line.indexOf(';'))
    const reading = createReadTicket(NAME, cookieKeys, 10)(cookie)
    if (reading.kind !== 'ticket') throw new Error('no session began')
    return { cookie, line, ticket: reading.ticket }
  }
  return { get, begin, use, login, errors, sessions, store, keys, namespace, secrets, cookieKeys, clock }
}

function provider() {
  return {
    issuer: 'https://idp.example',
    clientId: 'app',
    clientSecret: undefined,
    clientAuth: 'none',
    scopes: ['openid'],
    claims: ['sub', 'name'],
    timeoutMilliseconds: 1,
    refreshTimeoutMilliseconds: 1,
    refreshLeewayMilliseconds: 1,
    refreshWaitMilliseconds: 1,
    clockToleranceSeconds: 1,
    idTokenAlgorithm: undefined,
    assumeS256: false,
    userinfo: false,
    logoutTokenType: 'any',
    frontchannelLogout: false,
    metadataRefreshMilliseconds: 1,
  } as const
}

describe('a session that begins', () => {
  test('is one cookie for https and this host alone, until the browser closes', async () => {
    const { line } = await (await setUp()).begin()
    const [pair, ...attributes] = line.split('; ')
    expect(pair).toMatch(new RegExp(`^${NAME}=s%3A[\\w-]{43}\\.`))
    expect(attributes.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
  })

  test('is signed by the newest key', async () => {
    const { begin, cookieKeys } = await setUp()
    const { cookie } = await begin()
    expect(createReadTicket(NAME, cookieKeys.slice(0, 1), 10)(cookie).kind).toBe('ticket')
    expect(createReadTicket(NAME, cookieKeys.slice(1), 10)(cookie).kind).toBe('none')
  })

  test('has a new id, whatever cookie came along, and leaves that session alone', async () => {
    const { begin, sessions } = await setUp()
    const before = await begin()
    const after = await begin({ Cookie: before.cookie })
    expect(after.ticket.id).not.toBe(before.ticket.id)
    expect(await sessions.find(before.ticket)).toMatchObject({ kind: 'live' })
  })

  test('is listed by person and by the session at the provider, with a device of bounded length, and nobody reads that', async () => {
    const { begin, store, keys, namespace, secrets } = await setUp()
    const { ticket } = await begin({ 'User-Agent': 'x'.repeat(5_000) })
    expect(await store.members(keys.user('https://idp.example', 'ada'))).toEqual([ticket.id])
    expect(await store.members(keys.providerSession('https://idp.example', 'sid-1'))).toEqual([ticket.id])
    const [about = ''] = await store.read([keys.about(ticket.id)])
    expect(about).not.toMatch(/ada|xxxx/)
    const opened = createSealer({ secrets, namespace }).open('about', keys.about(ticket.id), about)
    if (opened.kind !== 'opened') throw new Error(opened.kind)
    expect(JSON.parse(opened.plaintext)).toMatchObject({ subject: 'ada', userAgent: 'x'.repeat(256) })
  })

  test.each(['writeAll', 'addMember', 'write'] as const)(
    'but cannot be kept (%s) is none: no cookie, and an error',
    async (name) => {
      const { get, errors, store, keys } = await setUp((memory) => ({
        ...memory,
        [name]: () => Promise.reject(new Error('away')),
      }))
      const { status, setCookies, body } = await get('/begin')
      expect([status, setCookies, body]).toEqual([500, [], ''])
      expect(errors).toEqual(['internal'])
      expect(await store.members(keys.user('https://idp.example', 'ada'))).toHaveLength(0)
    },
  )
})

describe('a session that is to outlive the browser', () => {
  test('has a cookie with the same attributes and its absolute deadline, said in both ways', async () => {
    const { begin, login, sessions, clock } = await setUp()
    clock.at = Date.now()
    login.isRemembered = true
    const { line, ticket } = await begin()
    const [, ...attributes] = line.split('; ')
    const valueOf = (name: string) => attributes.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    expect(attributes.filter((each) => !each.startsWith('Expires=')).toSorted()).toEqual([
      'HttpOnly',
      'Max-Age=36000',
      'Path=/',
      'SameSite=Strict',
      'Secure',
    ])
    const verdict = await sessions.find(ticket)
    const end = verdict.kind === 'live' ? verdict.session.record.absoluteExpiresAt : 0
    expect(Date.parse(valueOf('Expires'))).toBe(end - (end % 1_000))
    expect(verdict).toMatchObject({ session: { record: { isRemembered: true } } })
  })

  test('ends with its own absolute timeout, where a rule makes it shorter', async () => {
    const rule = { claim: 'sub', value: 'ada', idleTimeoutMilliseconds: undefined, absoluteTimeoutMilliseconds: 60_000 }
    const { begin, login } = await setUp(undefined, { rules: [rule] })
    login.isRemembered = true
    expect((await begin()).line).toContain('; Max-Age=60;')
  })

  test('sets its cookie once, and no request after that sets it again', async () => {
    const { begin, get, login, errors } = await setUp()
    login.isRemembered = true
    const { cookie } = await begin()
    const later = await get('/use', { Cookie: cookie })
    expect([later.status, JSON.parse(later.body), later.setCookies, errors]).toEqual([
      200,
      expect.objectContaining({ subject: 'ada' }),
      [],
      [],
    ])
  })
})

describe('a session beyond the limit of its person', () => {
  const refusing = { is: false }
  const failing = (names: readonly ('removeLeaving' | 'remove' | 'members' | 'swap' | 'keep')[]) => (memory: Store) => ({
    ...memory,
    ...Object.fromEntries(
      names.map((name) => [
        name,
        (...given: never[]) =>
          refusing.is
            ? Promise.reject(new GatewayError('store_unavailable'))
            : (memory[name] as (...given: never[]) => unknown)(...given),
      ]),
    ),
  })

  test.each([['swap'], ['keep'], ['members'], ['removeLeaving']] as const)(
    'begins not at all while the store fails (%s): an error, no cookie, nothing left, and the one of before goes on',
    async (name) => {
      const { begin, get, errors, sessions, store, keys } = await setUp(failing([name]), { mostPerPerson: 1 })
      const before = await begin()
      refusing.is = true
      const { status, setCookies } = await get('/begin').finally(() => (refusing.is = false))
      expect([status, setCookies, errors]).toEqual([500, [], ['store_unavailable']])
      expect(await store.members(keys.user('https://idp.example', 'ada'))).toEqual([before.ticket.id])
      expect(await sessions.find(before.ticket)).toMatchObject({ kind: 'live' })
    },
  )

  test('that cannot even be removed is removed as soon as the store takes it', async () => {
    const { begin, get, sessions, store, keys } = await setUp(failing(['removeLeaving', 'remove']), { mostPerPerson: 1 })
    const before = await begin()
    refusing.is = true
    await get('/begin').finally(() => (refusing.is = false))
    const listed = () => store.members(keys.user('https://idp.example', 'ada'))
    expect(await listed()).toHaveLength(2)
    await sessions.background.idle()
    expect(await listed()).toEqual([before.ticket.id])
    expect(await sessions.find(before.ticket)).toMatchObject({ kind: 'live' })
  })
})

describe('a request of the counter lane', () => {
  test('sees the session of its ticket, and writes nothing and sets nothing by it', async () => {
    const writes: string[] = []
    const noting =
      (name: string, deed: (...given: never[]) => unknown) =>
      (...given: never[]) => {
        writes.push(name)
        return deed(...given)
      }
    const { get, begin, errors, clock } = await setUp((memory) => ({
      ...memory,
      ...Object.fromEntries(
        (['write', 'writeAll', 'keep', 'swap', 'remove'] as const).map((name) => [name, noting(name, memory[name])]),
      ),
    }))
    const { cookie } = await begin()
    writes.length = 0
    clock.at += 120_000
    const { body, setCookies } = await get('/use', { Cookie: `a=1; ${cookie}` })
    expect(JSON.parse(body)).toMatchObject({ subject: 'ada', issuer: 'https://idp.example' })
    expect([setCookies, writes, errors]).toEqual([[], [], []])
    expect((await get('/use')).setCookies).toEqual([])
    expect(writes).toEqual([])
  })

  test('sees none where its cookies are not ours to read, and its own header afterwards', async () => {
    const { get, begin, use } = await setUp()
    const [one, other] = [await begin(), await begin()]
    use.work = ({ session, headers }) => ({ record: session.record, cookie: headers.cookie })
    for (const cookie of [`${one.cookie}; ${other.cookie}`, `${NAME}=planted`, `${one.cookie}x`, 'a=1']) {
      expect(JSON.parse((await get('/use', { Cookie: cookie })).body)).toEqual({ cookie })
    }
    expect(JSON.parse((await get('/use', { Cookie: one.cookie })).body)).toMatchObject({ record: { subject: 'ada' } })
  })

  test('that ends after its session brings nothing back', async () => {
    const { get, begin, use, sessions, store, keys, errors } = await setUp()
    const { cookie, ticket } = await begin()
    use.work = async ({ session }) => {
      const verdict = await sessions.find(ticket)
      if (verdict.kind === 'live') await sessions.end(verdict.session, 'signed_out')
      Object.assign(session, { changed: true })
    }
    await get('/use', { Cookie: cookie })
    expect(await store.read([keys.session(ticket.id)])).toEqual([undefined])
    expect(await sessions.find(ticket)).toEqual({ kind: 'ended', reason: 'signed_out' })
    expect(errors).toEqual([])
  })

  test('may write more of a session that it began itself', async () => {
    const { get, begin, use, sessions, errors } = await setUp()
    await begin()
    use.work = async (request) => {
      await sessions.begin(request, makeTokens(), { startedAt: 0 })
      Object.assign(request.session, { more: true })
    }
    expect((await get('/use')).status).toBe(200)
    expect(errors).toEqual([])
  })
})
