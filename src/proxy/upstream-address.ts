import { type Dispatcher, Pool } from 'undici'
import type { RouteConfig } from '../config/config.ts'
import type { AddressConfig } from '../config/route-parts.ts'
import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'

/** Whom an address tells how it is, and by what clock. */
export interface AddressSteps {
  readonly report: Report
  readonly now: () => number
}

const MOST_CALLS = 256
const MOST_STREAMS = 4096
// Below what servers commonly keep (5 s in Node), which a server's own `Keep-Alive: timeout=…` overrules.
const KEEP_ALIVE_MILLISECONDS = 4000
const MOST_HEADER_BYTES = 32 * 1024

const SHORTEST_PAUSE_MILLISECONDS = 1000
const LONGEST_PAUSE_MILLISECONDS = 30_000

/**
 * One address of an upstream: the connections to it, and whether it can be connected to.
 *
 * | State | Until |
 * | --- | --- |
 * | in | a connection to it fails |
 * | out | a connection is there; after a pause, which doubles with each failure, one request at a time tries |
 *
 * Only connections that never came about count: what happens on one may be a request's own doing, and no client shall be able to
 * take an address away from the others.
 */
export class UpstreamAddress {
  readonly name: string
  readonly config: AddressConfig
  readonly #calls: Pool
  /** Apart, so that open event streams never leave a call without a connection. */
  readonly #streams: Pool
  /**
   * What has a body goes over HTTP/1.1 in any case: broken off while its stream is being opened, it would keep the HTTP/2 session of
   * Node busy until memory is gone, and later on nobody tells the upstream (found with undici 8.12 on Node 26).
   */
  readonly #uploads: Pool
  /** Requests that are on their way to it, or answered by it, now. */
  inFlight = 0
  isOut = false
  /** While it is out: when it may be tried again. */
  nextTrialAt = 0

  readonly #steps: AddressSteps
  readonly #connectTimeoutMilliseconds: number
  #pauseMilliseconds = 0
  #failedAt = 0

  constructor(address: AddressConfig, route: RouteConfig, steps: AddressSteps) {
    this.name = address.name
    this.config = address
    this.#calls = createPool(address, route, MOST_CALLS, route.http2)
    this.#streams = createPool(address, route, MOST_STREAMS, route.http2)
    this.#uploads = route.http2 ? createPool(address, route, MOST_STREAMS, false) : this.#calls
    this.#connectTimeoutMilliseconds = route.connectTimeoutMilliseconds
    this.#steps = steps
    steps.report('upstream_configured', { upstream: this.name })
  }

  /** The connections for a call. */
  poolFor({ body }: Dispatcher.DispatchOptions, isStream: boolean): Pool {
    if (body !== null && this.#uploads !== this.#calls) return this.#uploads
    return isStream ? this.#streams : this.#calls
  }

  /**
   * Whether the asking request shall try it, out though it is. One that cannot be repeated elsewhere waits for twice the pause, so that
   * mostly those try that lose nothing by it.
   */
  takesTrial(isRepeatable: boolean): boolean {
    const now = this.#steps.now()
    if (now < this.nextTrialAt + (isRepeatable ? 0 : this.#pauseMilliseconds)) return false
    // Nobody else, until this one must know.
    this.nextTrialAt = now + this.#connectTimeoutMilliseconds + this.#pauseMilliseconds
    return true
  }

  /** A request has a connection to it. */
  connected(): void {
    if (this.isOut) this.#comeBack()
  }

  /** A connection to it did not come about. */
  failed(error: unknown): void {
    const { report, now } = this.#steps
    const at = now()
    const note = noteOf(error)
    report('upstream_connection_failed', { upstream: this.name, note })
    // Those that fail together are one failure.
    if (this.isOut && at < this.#failedAt + this.#pauseMilliseconds) return
    const grown = Math.min(2 * this.#pauseMilliseconds, LONGEST_PAUSE_MILLISECONDS)
    this.#pauseMilliseconds = this.isOut ? grown : SHORTEST_PAUSE_MILLISECONDS
    this.#failedAt = at
    this.nextTrialAt = at + this.#pauseMilliseconds
    if (this.isOut) return
    this.isOut = true
    report('upstream_state', { upstream: this.name, state: 'unreachable', note })
  }

  /** Ends whatever is still in flight. */
  async close(): Promise<void> {
    await Promise.all([this.#calls, this.#streams, this.#uploads].map((pool) => pool.destroy()))
  }

  #comeBack(): void {
    this.isOut = false
    this.#steps.report('upstream_state', { upstream: this.name, state: 'reachable' })
  }
}

function createPool({ origin, socketPath }: AddressConfig, route: RouteConfig, connections: number, http2: boolean): Pool {
  const { ca, certificate, key, serverName } = route.tls
  return new Pool(origin, {
    connections,
    pipelining: 1,
    allowH2: http2,
    connectTimeout: route.connectTimeoutMilliseconds,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    maxHeaderSize: MOST_HEADER_BYTES,
    ...(socketPath === undefined ? {} : { socketPath }),
    connect: {
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key: key.reveal() }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
    // We bound the silence ourselves: only once the type is known can an event stream be let be.
    bodyTimeout: 0,
  })
}
