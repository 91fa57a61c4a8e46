import { startCluster } from '../../test/support/cluster.ts'
import { type Outage, outage } from '../../test/support/outage.ts'
import { type RedisServer, startRedis } from '../../test/support/redis-server.ts'
import { sayBars } from '../results.ts'
import type { Bench, Section } from '../section.ts'
import { byStatus, judgeOutage } from './judge.ts'

const PEOPLE = ['ada', 'bo', 'cy', 'di', 'ed', 'fay']
const USUAL = { downMilliseconds: 30_000, graceMilliseconds: 10_000 } as const
const QUICK = { downMilliseconds: 5_000, graceMilliseconds: 3_000 } as const

/** A way in which a store goes away and comes back. */
interface Weather {
  readonly name: string
  readonly args: readonly string[]
  readonly begin: (redis: RedisServer) => Promise<void> | void
  readonly end: (redis: RedisServer) => Promise<void> | void
}

const WEATHERS: readonly Weather[] = [
  {
    name: 'Redis is killed, and started again with its records',
    args: ['--appendonly', 'yes', '--appendfsync', 'always'],
    begin: (redis) => redis.kill(),
    end: (redis) => redis.start(),
  },
  {
    name: 'Redis is stopped, and goes on',
    args: [],
    begin: (redis) => redis.freeze(),
    end: (redis) => redis.thaw(),
  },
]

/** Steady calls at three gateways while their store is away. */
export async function measureOutages({ isQuick, tell }: Bench): Promise<Section> {
  const times = isQuick ? QUICK : USUAL
  const came: (readonly [string, Outage])[] = []
  for (const { name, args, begin, end } of WEATHERS) {
    tell(name)
    const redis = await startRedis({ args })
    const cluster = await startCluster({
      store: redis.url,
      env: { COATCHECK_STORE_OUTAGE_GRACE: `${times.graceMilliseconds}ms` },
    })
    try {
      const cookies: string[] = []
      for (const person of PEOPLE) cookies.push(await cluster.signIn(person))
      const story = { cluster, cookies, ...times, begin: () => begin(redis), end: () => end(redis) }
      came.push([name, await outage(story)])
    } finally {
      await cluster.stop()
      await redis.stop()
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
    says: `Three gateway processes on one Redis that is away for ${downMilliseconds / 1_000} seconds, and a grace of ${graceMilliseconds / 1_000} seconds
(\`store.outageGrace\`); a call of a signed-in person every ten milliseconds, at each gateway in turn. *Within the grace* are calls that began before
the store went, or sooner after it than the grace, less the second and a half by which a gateway may have heard of its store last; the first 200
counts from the moment at which the store answers again, and is that of the gateway that took longest.`,
    remarks: [],
    goals: came.flatMap(([name, each]) => judgeOutage(name, each)),
    faults: came.flatMap(([name, { calls }]) => (calls === 0 ? [`nothing was called: ${name}`] : [])),
  }
}
