import { type Cluster, startCluster } from './cluster.ts'
import { type FaultyLine, isWrite, startFaultyLine } from './faulty-line.ts'
import type { RedisServer } from './redis-server.ts'

/** How often things go wrong: once in so many. */
export interface Odds {
  /** Clients that hang up at some moment of their call. */
  readonly hangUp: number
  /** Writes that the store refuses. */
  readonly refusedWrite: number
  /** Writes that the store does, and whose answer is lost together with the connection. */
  readonly unansweredWrite: number
  /** Token calls that the provider answers with 503. */
  readonly providerError: number
}

export interface Storm {
  /** Refreshes that the provider answered well. */
  readonly refreshes: number
  readonly calls: number
  readonly callsByStatus: Readonly<Record<number, number>>
  readonly failedWrites: number
  readonly providerErrors: number
  /** Sessions that do not answer 200 once the weather is good again. */
  readonly lost: number
  /** 401 during the storm. */
  readonly signedOut: number
  /** Grants that the provider ended, since a refresh token came twice. */
  readonly reuses: number
}

interface Choice {
  readonly redis: RedisServer
  readonly sessions: number
  readonly refreshes: number
  readonly odds: Odds
  readonly tell?: (progress: string) => void
}

const CALLERS = 24
const LONGEST_CALL_MILLISECONDS = 60

/**
 * Lets three gateways refresh the tokens of many sessions while everything goes wrong at random, until the provider has answered as
 * many refreshes as asked for; then counts what was lost. Access tokens live for two seconds, so that they are always on the edge.
 */
export async function storm({ redis, sessions, refreshes, odds, tell }: Choice): Promise<Storm> {
  const line = await startFaultyLine(redis.port)
  const cluster = await startCluster({
    store: `redis://127.0.0.1:${line.port}`,
    provider: { accessTokenSeconds: 2 },
    // All of them come from one address here, and so does every browser.
    env: { COATCHECK_LOGIN_MOST_PER_MINUTE_PER_ADDRESS: '100000' },
  })
  try {
    const cookies: string[] = []
    for (let person = 0; person < sessions; person += 1) cookies.push(await cluster.signIn(`person-${person}`))
    return await rage(cluster, line, cookies, { refreshes, odds, ...(tell && { tell }) })
  } finally {
    await cluster.stop()
    await line.stop()
  }
}

async function rage(
  cluster: Cluster,
  line: FaultyLine,
  cookies: readonly string[],
  { refreshes, odds, tell }: Pick<Choice, 'refreshes' | 'odds' | 'tell'>,
): Promise<Storm> {
  const { provider } = cluster
  const callsByStatus: Record<number, number> = {}
  const before = provider.counts.token
  let providerErrors = 0
  let calls = 0
  const done = () => provider.counts.token - before - providerErrors

  provider.intercept = (endpoint, response) => {
    if (endpoint !== 'token' || !onceIn(odds.providerError)) return false
    providerErrors += 1
    response.writeHead(503).end()
    return true
  }
  line.fault = (command) => {
    if (!isWrite(command)) return undefined
    if (onceIn(odds.unansweredWrite)) return 'unanswered'
    return onceIn(odds.refusedWrite) ? 'refused' : undefined
  }

  async function keepCalling(): Promise<void> {
    while (done() < refreshes) {
      const how = onceIn(odds.hangUp) ? { givenUpAfter: 1 + Math.random() * LONGEST_CALL_MILLISECONDS } : {}
      const { status } = await cluster.call(any(3), cookies[any(cookies.length)] ?? '', '/api/x', how)
      callsByStatus[status] = (callsByStatus[status] ?? 0) + 1
      calls += 1
      if (calls % 5_000 === 0) tell?.(`${done()} refreshes, ${calls} calls`)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, keepCalling))

  provider.intercept = undefined
  line.fault = undefined
  const answers = await Promise.all(cookies.map((cookie, n) => cluster.call(n % 3, cookie)))
  return {
    refreshes: done(),
    calls,
    callsByStatus,
    failedWrites: line.faults(),
    providerErrors,
    lost: answers.filter(({ status }) => status !== 200).length,
    signedOut: callsByStatus[401] ?? 0,
    reuses: provider.revokedGrants(),
  }
}

function onceIn(many: number): boolean {
  return Math.random() * many < 1
}

function any(most: number): number {
  return Math.floor(Math.random() * most)
}
