import type { ServerResponse } from 'node:http'
import type { LiveOutcome } from '../report/events.ts'
import type { LiveSession } from '../session/records.ts'
import type { KnownSession, LiveConnection, LiveEnding, ToldPage } from './live-connection.ts'
import { newsSince, type NewsSteps } from './news.ts'
import { beginEvents, writeEnded, writeHeartbeat, writeNews } from './event-text.ts'
import { type Told, toldOf } from './told.ts'

interface Parts extends NewsSteps {
  /** With its headers set, and nothing sent. */
  readonly response: ServerResponse
  readonly session: LiveSession
  /** As the store said a moment ago, epoch milliseconds. */
  readonly idleExpiresAt: number
  /** What the page was told by a stream before this one. */
  readonly told: Told | undefined
  readonly heartbeatMilliseconds: number
  readonly loginUrl: string
}

/** What a reader may leave untaken; one more event fits on top of it. */
const MOST_UNTAKEN_BYTES = 16_384

/**
 * An event stream to a page, about its session: what changed since the page was told, a sign of life now and then, and at last why it
 * ended. It holds no timer and no queue: whoever does not take what it is sent is cut off, and catches up by the id when it comes back.
 */
export class EventStream implements LiveConnection {
  readonly kind = 'stream'
  readonly session: LiveSession
  readonly page: ToldPage
  readonly #parts: Parts
  #told: Told
  #saidAt: number
  #outcome: LiveOutcome = 'client_closed'

  constructor(parts: Parts) {
    const { session, idleExpiresAt, response, told, now } = parts
    this.#parts = parts
    this.session = session
    this.page = { idleExpiresAt, know: (known) => this.#know(known) }
    this.#told = told ?? toldOf(session)
    this.#saidAt = now()
    response.write(beginEvents(this.#told))
    this.page.know({ session, idleExpiresAt })
  }

  /** How it ended, as far as this end knows. */
  get outcome(): LiveOutcome {
    return this.#outcome
  }

  look(at: number): void {
    if (at - this.#saidAt >= this.#parts.heartbeatMilliseconds) this.#say(writeHeartbeat())
  }

  end(ending: LiveEnding): void {
    const { response, loginUrl } = this.#parts
    if (response.writableEnded) return
    this.#outcome = ending.kind
    response.end(ending.kind === 'session_ended' ? writeEnded(this.#told, ending.reason, loginUrl) : undefined)
  }

  #know(known: KnownSession): void {
    const news = newsSince(this.#told, known, this.#parts)
    this.#told = news.at(-1)?.told ?? this.#told
    if (news.length > 0) this.#say(writeNews(news))
  }

  #say(text: string): void {
    const { response, now } = this.#parts
    if (response.writableEnded) return
    this.#saidAt = now()
    if (response.writableLength <= MOST_UNTAKEN_BYTES) response.write(text)
    else {
      this.#outcome = 'client_lost'
      response.destroy()
    }
  }
}
