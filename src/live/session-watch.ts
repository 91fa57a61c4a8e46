import { GatewayError } from '../errors.ts'
import { absoluteEnding, firstLook, pagesOf } from './session-endings.ts'
import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { FindSession } from '../session/find-session.ts'
import type { Lifetimes } from '../session/lifetimes.ts'
import type { LiveSession } from '../session/records.ts'
import type { RecordActivity } from '../session/record-activity.ts'
import type { LiveConnection, LiveEnding } from './live-connection.ts'
import { warningAhead, type WarningSteps } from './warning.ts'

export interface WatchSteps extends WarningSteps {
  readonly findSession: FindSession
  readonly activity: Pick<RecordActivity, 'extended' | 'idleDeadline'>
  readonly lifetimes: Lifetimes
  readonly report: Report
  readonly now: () => number
}

const AGAIN_MILLISECONDS = 1000

/** One session, for as long as connections of it are open here: it knows when to ask whether it still lives, and asks no sooner. */
export class SessionWatch {
  readonly connections = new Set<LiveConnection>()
  #session: LiveSession
  readonly #steps: WatchSteps
  /** When somebody was last noted by a connection of this session. */
  #notedAt: number
  #lookAt: number
  /** As the store said last, epoch milliseconds. */
  #idleExpiresAt = Infinity
  #ended: LiveEnding | undefined

  constructor(session: LiveSession, steps: WatchSteps) {
    this.#session = session
    this.#steps = steps
    this.#notedAt = steps.now()
    this.#lookAt = firstLook(session, steps.lifetimes, this.#notedAt)
  }

  add(connection: LiveConnection): void {
    this.connections.add(connection)
    if (this.#ended) connection.end(this.#ended)
    else if (connection.page) this.#plan(connection.page.idleExpiresAt, this.connections.size === 1 ? Infinity : this.#lookAt)
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

  /** Ends every connection of the session; where it has ended itself also those that were let in before and open while these close. */
  end(ending: LiveEnding): void {
    if (ending.kind === 'session_ended') this.#ended = ending
    for (const connection of this.connections) connection.end(ending)
  }

  /** Something of it has changed, here or elsewhere: asks at once whether it lives, and again where nobody can say. Asking also keeps further news coming. */
  heard(): void {
    void this.#ask().then(
      (lives) => lives && this.#tellPages(undefined),
      (error: unknown) => this.#failed(error),
    )
  }

  /** Somebody was seen, here or elsewhere: news for pages that were warned. */
  seen(): void {
    if (this.#warnsAt() <= this.#steps.now()) void this.#judge()
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
      this.#lookAt = now() + AGAIN_MILLISECONDS
      // Idle or over by now, and found so at once.
      if (deadline === undefined) return void (await this.#ask())
      this.#plan(deadline, Infinity)
      this.#tellPages(deadline)
    } catch (error) {
      this.#failed(error)
      // Not knowing is not an ending; but the absolute end needs nobody's word.
      const ending = absoluteEnding(this.#session, now())
      if (ending) this.end(ending)
    }
  }

  /** When to ask again: as the end comes near where pages are to be warned of it, and else at the end. */
  #plan(idleExpiresAt: number, noLaterThan: number): void {
    this.#idleExpiresAt = idleExpiresAt
    const at = this.#steps.now()
    const warnsAt = this.#warnsAt()
    const next = warnsAt > at ? Math.min(warnsAt, idleExpiresAt) : idleExpiresAt
    this.#lookAt = Math.min(Math.max(next, at + AGAIN_MILLISECONDS), noLaterThan)
  }

  /** From when on its pages are warned; never where it has none. */
  #warnsAt(): number {
    const ahead = warningAhead(this.#steps, this.#session.grant)
    const hasPages = ahead > 0 && [...this.connections].some(({ page }) => page)
    return hasPages ? this.#idleExpiresAt - ahead : Infinity
  }

  #tellPages(idleExpiresAt: number | undefined): void {
    for (const { page } of pagesOf(this.#session, this.connections)) page?.know({ session: this.#session, idleExpiresAt })
  }

  /** Whether the session lives; where it has ended, everything of it does. */
  async #ask(): Promise<boolean> {
    const verdict = await this.#steps.findSession(this.#session.ticket)
    if (verdict.kind === 'ended') this.end({ kind: 'session_ended', reason: verdict.reason })
    // Its grant may be another by now, or it is on its way out.
    else this.#renew(verdict.session)
    return verdict.kind === 'live'
  }

  /** A grant that makes the session stricter may have made it idle; and its end may be nearer than it was. */
  #renew(session: LiveSession): void {
    const { idleTimeout, endsAt } = this.#steps.lifetimes
    if (idleTimeout(session.grant) < idleTimeout(this.#session.grant)) this.doubt()
    this.#session = session
    this.#lookAt = Math.min(this.#lookAt, endsAt(session.record, session.grant))
  }

  /** Asks again in a moment. A store that fails is told of by itself. */
  #failed(error: unknown): void {
    this.#lookAt = this.#steps.now() + AGAIN_MILLISECONDS
    if (!(error instanceof GatewayError)) this.#steps.report('unexpected_error', describeError(error))
  }
}
