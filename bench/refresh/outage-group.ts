import { startCluster } from '../../test/support/cluster.ts'
import { type Outage, outage } from '../../test/support/outage.ts'
import { startRedis } from '../../test/support/redis-server.ts'
import { startWatchedRedis } from '../../test/support/sentinel.ts'
import { sayBars } from '../results.ts'
import type { Bench, Section } from '../section.ts'
import { byStatus, judgeOutage } from './judge.ts'

const PEOPLE = ['ada', 'bo', 'cy', 'di', 'ed', 'fay']
const USUAL = { downMilliseconds: 30_000, graceMilliseconds: 10_000 } as const
const QUICK = { downMilliseconds: 5_000, graceMilliseconds: 3_000 } as const

/** A store, and a way in which it goes away and comes back. */
interface Weather {
  readonly url: string
  readonly begin: () => Promise<void> | void
  /** Brings it back; resolves once it answers. */
  readonly end: () => Promise<unknown> | void
  readonly stop: () => Promise<void>
  /** How long it is away before that. */
  readonly downMilliseconds?: number
}

const WEATHERS: readonly { readonly name: string; readonly start: () => Promise<Weather> }[] = [
  {
    name: 'Redis is killed, and started again with its records',
    async start() {
      const redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
      return { url: redis.url, begin: () => redis.kill(), end: () => redis.start(), stop: () => redis.stop() }
    },
  },
  {
    name: 'Redis is stopped, and goes on',
    async start() {
      const redis = await startRedis()
      return { url: redis.url, begin: () => redis.freeze(), end: () => redis.thaw(), stop: () => redis.stop() }
    },
  },
  {
    name: 'The primary is killed, and Sentinel makes its replica the primary',
    async start() {
      const { url, primary, failedOver, stop } = await startWatchedRedis()
      return { url, begin: () => primary.kill(), end: () => failedOver(primary.port), stop, downMilliseconds: 0 }
    },
  },
]

/** Steady calls at three gateways while their store is away. */
export async function measureOutages({ isQuick, tell }: Bench): Promise<Section> {
  const times = isQuick ? QUICK : USUAL
  const came: (readonly [string, Outage])[] = []
  for (const { name, start } of WEATHERS) {
    tell(name)
    const { url, stop, begin, end, downMilliseconds = times.downMilliseconds } = await start()
    const cluster = await startCluster({ store: url, env: { COATCHECK_STORE_OUTAGE_GRACE: `${times.graceMilliseconds}ms` } })
    try {
      const cookies: string[] = []
      for (const person of PEOPLE) cookies.push(await cluster.signIn(person))
      const back = async (): Promise<void> => void (await end())
      came.push([name, await outage({ cluster, cookies, ...times, downMilliseconds, begin, end: back })])
    } finally {
      await cluster.stop()
      await stop()
    }
  }
  return outageSection(came, times)
}

/** What outages came to. */
export function outageSection(
  came: readonly (readonly [name: string, outage: Outage])[],
  { downMilliseconds, graceMilliseconds }: { readonly downMilliseconds: number; readonly graceMilliseconds: number },
): Section {
  const bars = came.map(([name, { firstGoodMilliseconds }]) => ({
    name,
    value: firstGoodMilliseconds,
    label: `${firstGoodMilliseconds} ms`,
    ours: true,
  }))
  return {
    title: 'The store goes away',
    plot: {
      title: 'From the moment the store is back to the first good answer of the slowest gateway',
      says: sayBars(bars),
      bars,
    },
    table: {
      columns: ['', 'calls', 'within the grace', 'after it', 'cookies touched', 'first 200 after', 'sessions lost'],
      rows: came.map(([name, each]) => [
        name,
        String(each.calls),
        byStatus(each.withinGrace),
        byStatus(each.afterGrace),
        String(each.cookiesSet),
        `${each.firstGoodMilliseconds} ms`,
        String(each.lost),
      ]),
    },
    says: `Three gateway processes on one Redis that is away for ${downMilliseconds / 1_000} seconds, or until Sentinel has found another; a grace of ${graceMilliseconds / 1_000} seconds
(\`store.outageGrace\`); a call of a signed-in person every ten milliseconds, at each gateway in turn. *Within the grace* are calls that began before
the store went, or sooner after it than the grace, less the second and a half by which a gateway may have heard of its store last; the first 200
counts from the moment at which the store answers again, and is that of the gateway that took longest.`,
    remarks: [],
    goals: came.flatMap(([name, each]) => judgeOutage(name, each)),
    faults: came.flatMap(([name, { calls }]) => (calls === 0 ? [`nothing was called: ${name}`] : [])),
  }
}
