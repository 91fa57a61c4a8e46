import { createHash } from 'node:crypto'

/** Our cookies' names; with the prefix, browsers themselves hold them to https, this host and HttpOnly (layered-cookies §3.1). */
export interface CookieNames {
  readonly session: string
  /** Begins every login binding cookie. */
  readonly loginPrefix: string
  /** Ties a logout to its browser until the way back from the provider. */
  readonly logout: string
}

export function cookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-Http-' : ''
  return { session: `${prefix}coatcheck`, loginPrefix: `${prefix}coatcheck-login-`, logout: `${prefix}coatcheck-logout` }
}

/** What follows the prefix in the name of a login binding cookie. */
export const LOGIN_COOKIE_SHAPE = /^[A-Za-z0-9_-]{8}$/

/** One cookie per login, told apart by its `state`, so that tabs that start together do not overwrite each other. */
export function loginCookieName(names: CookieNames, state: string): string {
  return names.loginPrefix + createHash('sha256').update(state).digest('base64url').slice(0, 8)
}
