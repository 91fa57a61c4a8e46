import { openRaw, type RawConnection } from '../../support/raw-client.ts'
import { logoutToken, sendLogout } from '../../support/logout-token.ts'
import { answers } from '../../support/answers.ts'
import type { World } from './world.ts'

/** Something that somebody does who means harm; resolves once it is under way, with what is to be said of it and how it is given up. */
export interface Attack {
  readonly name: string
  readonly begin: (world: World, many: number) => Promise<{ readonly says?: string; readonly giveUp: () => void }>
  readonly many: number
}

const AT_ONCE = 100

export const ATTACKS: readonly Attack[] = [
  { name: 'connections on which nothing is said', many: 10_000, begin: (world, many) => hold(world, many, '') },
  {
    name: 'headers that never end',
    many: 2_000,
    begin: (world, many) => hold(world, many, `GET /open/plain HTTP/1.1\r\nHost: ${world.host}\r\nX-Slow: `),
  },
  {
    name: 'bodies that never end',
    many: 1_000,
    begin: (world, many) =>
      hold(world, many, `POST /bff/logout HTTP/1.1\r\nHost: ${world.host}\r\nContent-Length: 9000\r\n\r\nx`),
  },
  {
    name: 'a megabyte each that nobody reads',
    many: 200,
    begin: (world, many) => hold(world, many, `GET /open/megabyte HTTP/1.1\r\nHost: ${world.host}\r\n\r\n`, true),
  },
  {
    name: 'requests ahead of their answers, on one connection',
    many: 200_000,
    begin: (world, many) => hold(world, 1, `GET /open/hang HTTP/1.1\r\nHost: ${world.host}\r\n\r\n`.repeat(many)),
  },
  {
    name: 'headers of 31 kB',
    many: 5_000,
    begin: (world, many) => send(world, many, (n) => plain(world, '/bff/session', `X-${n}: ${'x'.repeat(31_000)}`)),
  },
  {
    name: 'cookies of 31 kB, each named like one of ours',
    many: 5_000,
    begin: (world, many) =>
      send(world, many, (n) => plain(world, '/bff/login', `Cookie: ${`coatcheck-login-${10_000_000 + n}=x; `.repeat(1_000)}`)),
  },
  {
    name: 'forged session cookies, each another one',
    many: 20_000,
    begin: (world, many) =>
      send(world, many, (n) =>
        plain(world, '/bff/session', `Cookie: coatcheck=s%3A${`${n}`.padStart(43, 'a')}.${'b'.repeat(43)}`),
      ),
  },
  {
    name: 'sign-ins that nobody finishes',
    many: 20_000,
    begin: (world, many) => send(world, many, () => plain(world, '/bff/login')),
  },
  { name: 'logout tokens of unknown keys', many: 2_000, begin: unknownKeys },
  { name: 'sign-ins at a provider that answers with 50 MB', many: 100, begin: hugeAnswers },
]

function plain({ host }: World, path: string, ...lines: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'X-CSRF: 1', 'Connection: close', ...lines, '', ''].join('\r\n')
}

/** Opens connections, writes the same on each, and keeps them. */
async function hold({ port }: World, many: number, bytes: string, isDeaf = false) {
  const held: RawConnection[] = []
  while (held.length < many) {
    // oxlint-disable-next-line no-await-in-loop -- a backlog has its bounds
    const opened = await Promise.all(Array.from({ length: Math.min(AT_ONCE, many - held.length) }, () => openRaw(port)))
    for (const connection of opened) {
      if (isDeaf) connection.pause()
      if (bytes !== '') connection.write(bytes)
    }
    held.push(...opened)
  }
  return { giveUp: () => held.forEach((connection) => connection.destroy()) }
}

/** Sends that many requests, a hundred at a time, and counts what they are answered with. */
async function send({ port }: World, many: number, request: (n: number) => string) {
  const statuses = new Map<string, number>()
  let sent = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (sent < many) {
        const connection = await openRaw(port)
        connection.write(request((sent += 1)))
        const status = (await connection.closed()).slice(9, 12) || 'cut off'
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }),
  )
  return { says: [...statuses].map(([status, times]) => `${status} ${times} times`).join(', '), giveUp: () => undefined }
}

async function unknownKeys({ provider, origin }: World, many: number) {
  const before = provider.count('jwks')
  const tokens = await Promise.all(Array.from({ length: many }, (_, n) => logoutToken(provider, {}, { kid: `made-up-${n}` })))
  for (let at = 0; at < many; at += AT_ONCE)
    // oxlint-disable-next-line no-await-in-loop -- a hundred at a time
    await Promise.all(tokens.slice(at, at + AT_ONCE).map((token) => sendLogout(origin, token)))
  return { says: `the provider was asked for its keys ${provider.count('jwks') - before} times`, giveUp: () => undefined }
}

async function hugeAnswers({ provider, origin }: World, many: number) {
  provider.script.token = () => answers.huge(50_000_000)
  const statuses = new Set<number>()
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let n = 0; n < many / 10; n += 1) {
        const begun = await fetch(`${origin}/bff/login`, { redirect: 'manual' })
        const cookie = begun.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(';')))
        const callback = await provider.authorize(begun.headers.get('location') ?? '')
        const answer = await fetch(`${origin}/bff/callback?${callback.toString()}`, {
          redirect: 'manual',
          headers: { Cookie: cookie.join('; ') },
        })
        statuses.add(answer.status)
      }
    }),
  )
  delete provider.script.token
  return { says: `answered with ${[...statuses].join(', ')}`, giveUp: () => undefined }
}
