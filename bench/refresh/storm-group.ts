import { startRedis } from '../../test/support/redis-server.ts'
import { type Odds, storm, type Storm } from '../../test/support/refresh-storm.ts'
import type { Plot } from '../plot.ts'
import { sayBars, whole } from '../results.ts'
import type { Bench, Section } from '../section.ts'
import { judgeStorm } from './judge.ts'

const SESSIONS = 200
const REFRESHES = 10_000
const QUICK = { sessions: 40, refreshes: 300 } as const
const ODDS: Odds = { hangUp: 10, refusedWrite: 50, unansweredWrite: 2_000, providerError: 20 }

/** Ten thousand refreshes of two hundred sessions at three gateways, while clients, store and provider fail at random. */
export async function measureStorm({ isQuick, tell }: Bench): Promise<Section> {
  const length = isQuick ? QUICK : { sessions: SESSIONS, refreshes: REFRESHES }
  const redis = await startRedis()
  const began = Date.now()
  try {
    const came = await storm({ redis, ...length, odds: ODDS, tell })
    return stormSection(came, length.sessions, (Date.now() - began) / 1_000)
  } finally {
    await redis.stop()
  }
}

/** What a storm came to. */
export function stormSection(came: Storm, sessions: number, seconds: number): Section {
  const counts: readonly (readonly [what: string, count: number])[] = [
    ['refreshes that the provider answered', came.refreshes],
    ['calls', came.calls],
    ...Object.entries(came.callsByStatus).map(([status, count]): [string, number] => [
      status === '0' ? 'calls whose client hung up' : `calls answered with ${status}`,
      count,
    ]),
    ['writes that failed', came.failedWrites],
    ['token calls answered with 503', came.providerErrors],
    ['sessions lost', came.lost],
    ['refresh tokens that came twice', came.reuses],
  ]
  return {
    title: 'A storm of refreshes',
    plot: stormPlot(counts),
    table: { columns: ['', 'count'], rows: counts.map(([what, count]) => [what, whole.format(count)]) },
    says: `Three gateway processes on one Redis; a certified provider (oidc-provider) that rotates refresh tokens and ends a grant whose
refresh token comes twice; ${sessions} sessions whose access tokens live for two seconds; calls to any gateway with any session. At random a client
hangs up (one call in ${ODDS.hangUp}), the store refuses a write (one in ${ODDS.refusedWrite}) or does it and breaks the connection before its answer (one in ${ODDS.unansweredWrite}), and
the provider answers a token call with 503 (one in ${ODDS.providerError}). A session is lost where it does not answer 200 once the weather is good again.`,
    remarks: [`It took ${Math.round(seconds)} seconds.`],
    goals: judgeStorm(came),
    faults: came.refreshes === 0 ? ['nothing was refreshed'] : [],
  }
}

function stormPlot(counts: readonly (readonly [what: string, count: number])[]): Plot {
  const bars = counts.map(([name, value]) => ({
    name,
    value,
    label: whole.format(value),
    ours: name.startsWith('sessions lost') || name.startsWith('refresh'),
  }))
  return { title: 'A storm of refreshes', says: sayBars(bars), bars }
}
