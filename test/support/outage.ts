import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'

/** What three gateways answered while their store was away. */
export interface Outage {
  readonly calls: number
  /** Statuses of calls that were over well within the grace, which counts from the last heartbeat, some time before the loss; and of the others. */
  readonly withinGrace: Readonly<Record<number, number>>
  readonly afterGrace: Readonly<Record<number, number>>
  /** Every `Coatcheck-Reason`, and how often. */
  readonly reasons: Readonly<Record<string, number>>
  /** Answers that set or cleared a cookie. */
  readonly cookiesSet: number
  /** From the moment the store answers again to the first good answer of each instance, the slowest of them. */
  readonly firstGoodMilliseconds: number
  /** Sessions that do not answer 200 at every instance afterwards. */
  readonly lost: number
}

interface Choice {
  readonly cluster: Cluster
  readonly cookies: readonly string[]
  readonly graceMilliseconds: number
  readonly downMilliseconds: number
  /** Takes the store away. */
  readonly begin: () => Promise<void> | void
  /** Brings it back; resolves once it answers. */
  readonly end: () => Promise<void> | void
}

const CALL_EVERY_MILLISECONDS = 10
const WARM_UP_MILLISECONDS = 500
/** A heartbeat is sent every second; one that a busy machine sends late is none of the gateway's making. */
const HEARTBEAT_MILLISECONDS = 2_000
const PATIENCE_MILLISECONDS = 15_000

/** Calls all gateways steadily, as signed-in people, while the store goes away and comes back. */
export async function outage({ cluster, cookies, graceMilliseconds, downMilliseconds, begin, end }: Choice): Promise<Outage> {
  const { instances } = cluster
  // So that every instance knows every session.
  for (const index of instances.keys()) await Promise.all(cookies.map((cookie) => cluster.call(index, cookie)))

  const tally = { calls: 0, withinGrace: {}, afterGrace: {}, reasons: {}, cookiesSet: 0 }
  const goodAt = new Map<number, number>()
  let downAt = Number.POSITIVE_INFINITY
  let upAt = Number.POSITIVE_INFINITY
  const over = new AbortController()

  async function callOnce(n: number): Promise<void> {
    const instance = n % instances.length
    const began = Date.now()
    const { status, headers } = await cluster.call(instance, cookies[n % cookies.length] ?? '')
    tally.calls += 1
    if (headers['set-cookie'] !== undefined) tally.cookiesSet += 1
    const reason = headers['coatcheck-reason']
    if (typeof reason === 'string') count(tally.reasons, reason)
    if (Date.now() < downAt + graceMilliseconds - HEARTBEAT_MILLISECONDS) count(tally.withinGrace, status)
    else if (began < upAt) count(tally.afterGrace, status)
    if (status === 200 && began >= upAt && !goodAt.has(instance)) goodAt.set(instance, Date.now())
  }

  async function callSteadily(): Promise<void> {
    const calls: Promise<void>[] = []
    for (let n = 0; !over.signal.aborted; n += 1) {
      calls.push(callOnce(n))
      await pause(CALL_EVERY_MILLISECONDS)
    }
    await Promise.all(calls)
  }

  const calling = callSteadily()
  await pause(WARM_UP_MILLISECONDS)
  downAt = Date.now()
  await begin()
  await pause(downMilliseconds)
  await end()
  upAt = Date.now()
  while (goodAt.size < instances.length && Date.now() < upAt + PATIENCE_MILLISECONDS) await pause(CALL_EVERY_MILLISECONDS)
  over.abort()
  await calling

  const answers = await Promise.all(
    [...instances.keys()].flatMap((index) => cookies.map((cookie) => cluster.call(index, cookie))),
  )
  return {
    ...tally,
    firstGoodMilliseconds: goodAt.size < instances.length ? Number.POSITIVE_INFINITY : Math.max(...goodAt.values()) - upAt,
    lost: answers.filter(({ status }) => status !== 200).length,
  }
}

function count(tally: Record<string | number, number>, what: string | number): void {
  tally[what] = (tally[what] ?? 0) + 1
}
