import type { RequestHandler } from 'express'
import session from 'express-session'
import { makeSessionSecret } from '../security/session-secret.ts'
import type { Store } from '../store/port.ts'
import { ExpressSessionStore } from './express-session-store.ts'
import { createExpressStoreClient } from './express-store-client.ts'
import type { SessionKeys } from './keys.ts'
import type { RecordSeals } from './seal-records.ts'

interface Parts {
  readonly store: Store
  readonly keys: SessionKeys
  readonly seals: RecordSeals
  readonly cookieName: string
  /** Newest first: the first signs, all verify. */
  readonly cookieKeys: readonly string[]
  readonly secure: boolean
  readonly now: () => number
}

/** Attributes of the session cookie; it is deleted with the very same ones, or browsers would keep it. */
export function sessionCookieAttributes(secure: boolean) {
  return { httpOnly: true, secure, sameSite: 'strict', path: '/' } as const
}

/** express-session for the counter lane: reads and begins sessions, and writes nothing while a request passes. */
export function createExpressSession({ store, keys, seals, cookieName, cookieKeys, secure, now }: Parts): RequestHandler {
  return session({
    name: cookieName,
    secret: [...cookieKeys],
    genid: makeSessionSecret,
    store: new ExpressSessionStore(createExpressStoreClient(store, keys, seals), ({ keptUntil }) =>
      Math.max(1, Math.ceil(keptUntil - now())),
    ),
    cookie: sessionCookieAttributes(secure),
    resave: false,
    saveUninitialized: false,
    rolling: false,
    unset: 'keep',
  })
}
