import session from 'express-session'

/**
 * A session cookie that outlives the browser, until its session's absolute deadline. express-session writes `Expires` alone, which goes
 * by the clock of the browser; `Max-Age` beside it wins wherever it is known (RFC 6265bis §5.7).
 */
export class RememberingCookie extends session.Cookie {
  readonly #written: object

  /** Both times are epoch milliseconds; `at` is now. */
  constructor(attributes: session.CookieOptions, absoluteExpiresAt: number, at: number) {
    super()
    Object.assign(this, attributes)
    // Never a second longer than the session can live.
    const maxAge = Math.floor((absoluteExpiresAt - at) / 1_000)
    this.#written = Object.freeze({ ...attributes, maxAge, expires: new Date(absoluteExpiresAt) })
  }

  /** What express-session writes to `Set-Cookie`. */
  get data(): object {
    return this.#written
  }

  /** What it keeps in the record: a cookie like any other, which no later request sends again. */
  toJSON(): object {
    const { originalMaxAge, secure, httpOnly, path, sameSite } = this
    return { originalMaxAge, secure, httpOnly, path, sameSite }
  }
}
