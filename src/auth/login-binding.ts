import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Response } from 'express'
import { cookiesWith, cookieValues } from '../security/cookie-header.ts'
import { type CookieNames, LOGIN_COOKIE_SHAPE, loginCookieName } from '../security/cookie-names.ts'

/** What ties a login to the browser that began it; it lives in a cookie of that login alone. */
export interface Binding {
  /** The same in all logins that a browser has open, so that they can be counted together. */
  readonly browser: string
  readonly secret: string
}

/** No browser of ours ever has so many above the limit: more is somebody's invention, and not worth an answer full of deletions. */
const MOST_DROPPED = 20
const SHAPE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

export interface LoginBindings {
  /** A new binding for this browser; not handed out yet. */
  readonly make: (request: IncomingMessage) => Binding
  /** Hands the binding out, and drops the oldest ones above the limit. */
  readonly set: (request: IncomingMessage, response: Response, state: string, binding: Binding) => void
  /** The binding that a callback with this `state` came with; undefined where there is none, or two. */
  readonly read: (request: IncomingMessage, state: string) => Binding | undefined
  readonly remove: (response: Response, state: string) => void
}

export function createLoginBindings({
  names,
  secure,
  mostOpen,
  lifetimeMilliseconds,
}: {
  readonly names: CookieNames
  readonly secure: boolean
  readonly mostOpen: number
  readonly lifetimeMilliseconds: number
}): LoginBindings {
  // Lax, since the provider's redirect back comes from another site (RFC 6265bis §8.8).
  const attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const
  const most = mostOpen + MOST_DROPPED - 1
  const openLogins = (request: IncomingMessage) =>
    cookiesWith(request.headers.cookie, { prefix: names.loginPrefix, shape: LOGIN_COOKIE_SHAPE, most })

  return {
    make(request) {
      const open = [...openLogins(request).values()].map(parse).find((binding) => binding !== undefined)
      return { browser: open?.browser ?? randomBytes(16).toString('base64url'), secret: randomBytes(32).toString('base64url') }
    },
    set(request, response, state, { browser, secret }) {
      const name = loginCookieName(names, state)
      const others = [...openLogins(request).keys()].filter((other) => other !== name)
      for (const oldest of others.slice(0, Math.max(0, others.length + 1 - mostOpen))) response.clearCookie(oldest, attributes)
      response.cookie(name, `${browser}.${secret}`, { ...attributes, maxAge: lifetimeMilliseconds })
    },
    read: (request, state) => parse(cookieValues(request.headers.cookie, loginCookieName(names, state))),
    remove: (response, state) => response.clearCookie(loginCookieName(names, state), attributes),
  }
}

function parse(values: readonly string[]): Binding | undefined {
  const [, browser, secret] = SHAPE.exec(values[0] ?? '') ?? []
  return browser === undefined || secret === undefined || values.length > 1 ? undefined : { browser, secret }
}
