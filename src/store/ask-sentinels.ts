import type { SentinelAddress, SentinelConfig } from '../config/sentinel-config.ts'
import { inTime } from './in-time.ts'
import { openPlainly } from './redis-client.ts'
import { failureOf, isRefusal } from './redis-failure.ts'
import { readText } from './redis-replies.ts'

const ANSWER_MILLISECONDS = 1_000

interface Sentinels extends SentinelConfig {
  /** Whether they speak TLS, as the primary then does. */
  readonly tls: boolean
}

/**
 * Asks the sentinels in turn where the primary is, and hands the first answer to `use`. The one whose answer was of use is asked
 * first the next time, and one whose answer was not is asked last: it may be cut off from the others and know of no failover.
 *
 * Rejects with what `use` rejects with, or with `NO_SENTINEL`, `SENTINEL_REFUSED` or `NO_PRIMARY` where none named one.
 */
export type AskSentinels = <Found>(signal: AbortSignal, use: (primary: SentinelAddress) => Promise<Found>) => Promise<Found>

export function createAskSentinels({ addresses, name, password, tls }: Sentinels): AskSentinels {
  let inTurn: readonly SentinelAddress[] = addresses

  return async function askSentinels(signal, use) {
    const { sentinel, primary } = await findPrimary(signal)
    const others = inTurn.filter((each) => each !== sentinel)
    try {
      const found = await use(primary)
      inTurn = [sentinel, ...others]
      return found
    } catch (failure) {
      inTurn = [...others, sentinel]
      throw failure
    }
  }

  async function findPrimary(signal: AbortSignal) {
    // What a sentinel said tells more than that another one is down.
    let code = 'NO_SENTINEL'
    for (const sentinel of inTurn) {
      signal.throwIfAborted()
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next one is asked only where this one knows nothing
        const primary = await ask(sentinel, signal)
        if (primary) return { sentinel, primary }
        code = 'NO_PRIMARY'
      } catch (failure) {
        if (isRefusal(failure)) code = 'SENTINEL_REFUSED'
      }
    }
    throw failureOf(code)
  }

  async function ask(sentinel: SentinelAddress, signal: AbortSignal): Promise<SentinelAddress | undefined> {
    const url = urlAt(`${tls ? 'rediss' : 'redis'}://${password ? `:${encodeURIComponent(password.reveal())}@` : ''}_`, sentinel)
    const client = await openPlainly({
      url,
      handshakeMilliseconds: ANSWER_MILLISECONDS,
      signal,
      onChange: () => undefined,
      // Whoever waits for its answer learns of it by that.
      onBroken: () => undefined,
    })
    try {
      const reply = await inTime(ANSWER_MILLISECONDS, client.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]))
      if (!Array.isArray(reply)) return undefined
      const [host, port] = reply.map(readText)
      return host === undefined || port === undefined ? undefined : { host, port: Number(port) }
    } finally {
      client.destroy()
    }
  }
}

/** A URL of Redis with another host in it. */
export function urlAt(url: string, { host, port }: SentinelAddress): string {
  const [, before = '', after = ''] = /^(.*(?:\/\/|@))[^/@]+(\/.*)?$/.exec(url) ?? []
  return `${before}${host.includes(':') ? `[${host}]` : host}:${port}${after}`
}
