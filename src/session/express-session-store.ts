import { RedisStore } from 'connect-redis'
import type { SessionData } from 'express-session'
import { GatewayError } from '../errors.ts'
import type { ExpressStoreClient } from './express-store-client.ts'

type Done = (error?: unknown) => void

/**
 * connect-redis over our store, with one rule more: a session's record is written once, when it begins.
 *
 * A session that was loaded, or was written already, is only ever written where its record still stands, so that no request that
 * ends late can bring back what has ended meanwhile. Touching is nobody's business here: activity is a record of its own.
 */
export class ExpressSessionStore extends RedisStore {
  /** express-session puts its maker of new sessions here (its typings leave that out). */
  declare generate: (request: Parameters<RedisStore['regenerate']>[0]) => void
  readonly #client: ExpressStoreClient
  readonly #lifetimeMilliseconds: (session: SessionData) => number
  readonly #standing = new WeakSet<object>()

  constructor(client: ExpressStoreClient, lifetimeMilliseconds: (session: SessionData) => number) {
    super({ client, prefix: '', disableTouch: true })
    this.#client = client
    this.#lifetimeMilliseconds = lifetimeMilliseconds
  }

  override createSession(...given: Parameters<RedisStore['createSession']>): ReturnType<RedisStore['createSession']> {
    const session = super.createSession(...given)
    this.#standing.add(session)
    return session
  }

  /** Only a new id is made: the session of before ends through the one door that endings have, once the new one stands. */
  override regenerate(request: Parameters<RedisStore['regenerate']>[0], done: Done): void {
    this.generate(request)
    done()
  }

  override async set(secret: string, session: SessionData, done?: Done): Promise<void> {
    try {
      const when = this.#standing.has(session) ? 'present' : 'absent'
      const written = await this.#client.set(secret, JSON.stringify(session), this.#lifetimeMilliseconds(session), when)
      if (!written && when === 'absent') throw new GatewayError('internal', { note: 'a new session met a standing record' })
      this.#standing.add(session)
      done?.()
    } catch (error) {
      if (!done) throw error
      done(error)
    }
  }
}
