import { Secret } from '../src/config/secret.ts'
import { createEndSession } from '../src/session/end-session.ts'
import { createSessionKeys } from '../src/session/keys.ts'
import { createNamespace } from '../src/store/namespace.ts'
import { createRedisStore } from '../src/store/redis-store.ts'
import { findFreePort } from '../test/support/free-port.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import { collectGarbage } from './collect-garbage.ts'
import { inTurns, listen, type Listener } from './listen.ts'
import { CLIENT_ID, makeSessions, sessionIdIn } from './make-sessions.ts'
import { median } from './median.ts'
import { startRedis } from './redis.ts'
import { kibibytesEach, mebibytes, residentAt, settled } from './resident.ts'
import { whole } from './results.ts'
import { type Bench, CORES, type Section } from './section.ts'
import { signIn } from './sign-in.ts'
import { readUsage } from './usage.ts'

const USUAL = { streams: 5_000, settleMilliseconds: 10_000, restMilliseconds: 60_000 } as const
const QUICK = { streams: 500, settleMilliseconds: 2_000, restMilliseconds: 16_000 } as const
/** Sessions that are ended one by one. */
const ALONE = 50

/** What `GET /bff/events` costs for many sessions, and how soon all of them are told. */
export async function measureStreams({ isQuick, processes, provider, nodeFlags, tell }: Bench): Promise<Section> {
  const { streams: many, settleMilliseconds, restMilliseconds } = isQuick ? QUICK : USUAL
  const redis = await startRedis(processes, CORES.loadCore)
  const listeners: Listener[] = []
  try {
    const inspectorPort = await findFreePort()
    const flags = [...nodeFlags, `--inspect=127.0.0.1:${inspectorPort}`]
    const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: redis.url, nodeFlags: flags })
    const gateway = processes.start({ ...program, core: CORES.gatewayCore })
    await gateway.answers(program.readyUrl)
    await signIn(program.origin)
    const cookies = await makeSessions({ program, store: redis.url, issued: provider.lastIssued(), many })
    const listenTo = (some: readonly string[]) => inTurns(some, (cookie) => listen(program, cookie))
    const look = () => readUsage(gateway.pid)

    // What the first ones cost is the code's, and the sessions in the cache are not theirs either.
    for (const first of await listenTo(cookies.slice(0, many / 10))) first.close()
    await inTurns(cookies, (cookie) => openSession(program.origin, cookie))
    await settled(settleMilliseconds)
    await collectGarbage(inspectorPort)
    const before = look().residentBytes
    listeners.push(...(await listenTo(cookies)))
    await settled(settleMilliseconds)
    await collectGarbage(inspectorPort)
    const open = look()
    tell(`${mebibytes(open.residentBytes - before)} for ${listeners.length}`)
    await settled(restMilliseconds)
    const share = (look().cpuMicroseconds - open.cpuMicroseconds) / (restMilliseconds * 1000)

    const elsewhere = await startElsewhere(redis.url, program.origin)
    const alone: number[] = []
    for (const each of listeners.slice(0, ALONE)) alone.push(await elsewhere.timeUntilTold([each]))
    const { cpuMicroseconds } = look()
    const together = await elsewhere.timeUntilTold(listeners.slice(ALONE))
    const cpu = (look().cpuMicroseconds - cpuMicroseconds) / 1000
    tell(`${whole.format(together)} ms until all of them are told, ${whole.format(cpu)} ms of processor time`)
    await elsewhere.stop()
    return streamsSection({ many: listeners.length, before, after: open.residentBytes, share, alone, together, cpu })
  } finally {
    for (const each of listeners) each.close()
  }
}

async function openSession(origin: string, cookie: string): Promise<void> {
  const answer = await fetch(`${origin}/bff/session`, { headers: { Cookie: cookie, 'X-CSRF': '1' } })
  if (!(await answer.text()).includes('"authenticated":true')) throw new Error('A session that was made does not open.')
}

/** Another instance, as far as it ends sessions. */
async function startElsewhere(url: string, baseUrl: string) {
  const config = { passwordFile: undefined, sentinel: undefined, deadlineMilliseconds: 10_000, outageGraceMilliseconds: 0 }
  const steps = { report: () => undefined, now: Date.now }
  const store = await createRedisStore({ ...config, kind: 'redis', url: new Secret(url) }, steps)
  const keys = createSessionKeys(createNamespace({ baseUrl, clientId: CLIENT_ID }))
  const endSession = createEndSession({ store, keys, forget: () => undefined, onEnded: () => undefined, ...steps })
  const record = { issuer: '', subject: undefined, providerSession: undefined }

  return {
    /** Ends their sessions, all at once; how many milliseconds later the last of them has been told. */
    async timeUntilTold(listeners: readonly Listener[]): Promise<number> {
      const begunAt = performance.now()
      const endings = listeners.map(({ cookie }) => endSession({ ticket: { id: sessionIdIn(cookie) }, record }, 'revoked'))
      await Promise.all(listeners.map(({ ended }) => ended))
      const milliseconds = performance.now() - begunAt
      await Promise.all(endings)
      return milliseconds
    },
    stop: () => store.close(),
  }
}

interface Measured {
  readonly many: number
  /** Resident bytes. */
  readonly before: number
  readonly after: number
  /** Of a core, 0 to 1, while nothing happens. */
  readonly share: number
  /** Milliseconds from an ending in another instance to its page. */
  readonly alone: readonly number[]
  /** The same for all others at once, to the last page. */
  readonly together: number
  /** Milliseconds of processor time that this took the gateway. */
  readonly cpu: number
}

/** What so many streams took. */
export function streamsSection({ many, before, after, share, alone, together, cpu }: Measured): Section {
  return {
    title: 'Event streams',
    ...residentAt([
      { name: 'none open', value: before },
      { name: `${whole.format(many)} open and idle`, value: after },
    ]),
    says: `One gateway with \`GET /bff/events\` open for each of ${whole.format(many)} sessions that are cached already, after some have been opened and closed. Then sessions are ended at Redis
as another instance would end them: ${alone.length} one by one, and the others all at once.`,
    remarks: [
      `Each takes ${kibibytesEach(before, after, many)} of resident memory.`,
      `At rest, heartbeats included, all of them take ${(100 * share).toFixed(1)} % of a core.`,
      `A page is told of an ending elsewhere after ${median(alone).toFixed(1)} ms (median; at most ${Math.max(...alone).toFixed(1)} ms).`,
      `Of ${whole.format(many - alone.length)} sessions that end at once the last page is told after ${whole.format(together)} ms, for which the gateway works ${whole.format(cpu)} ms.`,
    ],
    goals: [
      {
        says: 'tells every page of its ending within a second',
        measured: `${whole.format(together)} ms for ${whole.format(many - alone.length)} at once`,
        held: together < 1000,
      },
    ],
    faults: [],
  }
}
