import session from 'express-session'

/**
 * A session cookie that outlives the browser, until its session's absolute deadline. express-session writes `Expires` alone, which goes
 * by the clock of the browser; `Max-Age` beside it wins wherever it is known (RFC 6265bis §5.7).
 */
export class RememberingCookie extends session.Cookie {
  constructor(attributes: session.CookieOptions, absoluteExpiresAt: number, at: number) {
    super()
    Object.assign(this, attributes)
    this.maxAge = absoluteExpiresAt - at
  }

  /** What is written to `Set-Cookie`: never a second longer than the session can live. */
  get data(): object {
    const { originalMaxAge, expires, secure, httpOnly, path, sameSite } = this
    return { expires, maxAge: Math.floor((originalMaxAge ?? 0) / 1_000), secure, httpOnly, path, sameSite }
  }

  /** What is kept in the record, as of any other cookie of express-session. */
  toJSON(): object {
    const { originalMaxAge, expires, secure, httpOnly, path, sameSite } = this
    return { originalMaxAge, expires, secure, httpOnly, path, sameSite }
  }
}
