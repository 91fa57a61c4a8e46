const INVALID_TOKEN = /(?:^|[\s,])error="?invalid_token(?:"|[\s,]|$)/i

/** Whether a 401 says that the token is not good (any more), and not that another kind of token, or more rights, are needed (RFC 6750 §3.1). */
export function isInvalidToken(challenge: string | readonly string[] | undefined): boolean {
  if (challenge === undefined) return false
  return [challenge].flat().some((each) => /^bearer\s/i.test(each) && INVALID_TOKEN.test(each))
}
