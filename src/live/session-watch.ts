import { GatewayError } from '../errors.ts'
import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { FindSession } from '../session/find-session.ts'
import type { Lifetimes } from '../session/lifetimes.ts'
import type { LiveSession } from '../session/records.ts'
import type { RecordActivity } from '../session/record-activity.ts'
import type { LiveConnection, LiveEnding } from './live-connection.ts'

export interface WatchSteps {
  readonly findSession: FindSession
  readonly activity: Pick<RecordActivity, 'extended' | 'idleDeadline'>
  readonly lifetimes: Lifetimes
  readonly report: Report
  readonly now: () => number
}

const AGAIN_MILLISECONDS = 1000
/** Of the idle time. Whoever opens a connection was noted within the quarter before, and nothing is asked for sooner. */
const FIRST_LOOK = 0.75

/** One session, for as long as connections of it are open here: it knows when to ask whether it still lives, and asks no sooner. */
export class SessionWatch {
  readonly connections = new Set<LiveConnection>()
  #session: LiveSession
  readonly #steps: WatchSteps
  /** When somebody was last noted by a connection of this session. */
  #notedAt: number
  #lookAt: number

  constructor(session: LiveSession, steps: WatchSteps) {
    const { lifetimes } = steps
    this.#session = session
    this.#steps = steps
    this.#notedAt = steps.now()
    const idleLook = this.#notedAt + lifetimes.idleTimeout(session.grant) * FIRST_LOOK
    this.#lookAt = Math.min(idleLook, lifetimes.endsAt(session.record, session.grant))
  }

  /** Somebody is there; written as seldom as the rule for requests says. */
  noteActivity(at: number): void {
    const { activity, lifetimes } = this.#steps
    if (!lifetimes.mustRecordActivity(at, this.#notedAt, lifetimes.idleTimeout(this.#session.grant))) return
    const before = this.#notedAt
    this.#notedAt = at
    // A store that fails is counted where it fails, and the next message tries anew.
    activity.extended(this.#session).catch(() => (this.#notedAt = before))
  }

  /** Ends every connection of the session. */
  end(ending: LiveEnding): void {
    for (const connection of this.connections) connection.end(ending)
  }

  /** Something of it has changed, here or elsewhere: asks at once whether it lives. Asking also keeps further news coming. */
  heard(): void {
    void this.#ask().catch((error: unknown) => this.#told(error))
  }

  /** It may have ended unheard of: asks at the next look. */
  doubt(): void {
    this.#lookAt = 0
  }

  /** Asks whether the session lives, when it may have run out. */
  look(at: number): void {
    if (at < this.#lookAt) return
    // Until there is an answer.
    this.#lookAt = Infinity
    void this.#judge()
  }

  async #judge(): Promise<void> {
    const { activity, now } = this.#steps
    try {
      if (!(await this.#ask())) return
      // Another instance may have seen the person since: on the store's word.
      const deadline = await activity.idleDeadline(this.#session)
      this.#lookAt = Math.max(deadline ?? 0, now() + AGAIN_MILLISECONDS)
    } catch (error) {
      this.#told(error)
      // Not knowing is not an ending; but the absolute end needs nobody's word.
      if (now() >= this.#session.record.absoluteExpiresAt) this.end({ kind: 'session_ended', reason: 'expired' })
      else this.#lookAt = now() + AGAIN_MILLISECONDS
    }
  }

  /** Whether the session lives; where it has ended, everything of it does. */
  async #ask(): Promise<boolean> {
    const verdict = await this.#steps.findSession(this.#session.ticket)
    if (verdict.kind === 'ended') this.end({ kind: 'session_ended', reason: verdict.reason })
    // Its grant may be another by now.
    else this.#renew(verdict.session)
    return verdict.kind === 'live'
  }

  /** A grant that makes the session stricter may have made it idle. */
  #renew(session: LiveSession): void {
    const { idleTimeout } = this.#steps.lifetimes
    if (idleTimeout(session.grant) < idleTimeout(this.#session.grant)) this.doubt()
    this.#session = session
  }

  /** A store that fails is told of by itself. */
  #told(error: unknown): void {
    if (!(error instanceof GatewayError)) this.#steps.report('unexpected_error', describeError(error))
  }
}
