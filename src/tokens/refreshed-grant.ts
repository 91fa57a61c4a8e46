import type { RefreshAnswer } from '../oidc/port.ts'
import { strictest } from '../session/lifetime-rules.ts'
import type { GrantOf } from '../session/grant-of.ts'
import type { GrantRecord } from '../session/records.ts'

type Refreshed = Extract<RefreshAnswer, { kind: 'refreshed' }>['tokens']

/** The grant after a refresh, one version newer: what the provider did not send anew stays as it was (RFC 6749 §6, OpenID Connect Core §12.2). */
export function refreshedGrant(
  before: GrantRecord,
  { identity, idToken, ...tokens }: Refreshed,
  at: number,
  grantOf: GrantOf,
): GrantRecord {
  const version = before.version + 1
  const refreshToken = tokens.refreshToken ?? before.refreshToken
  const scope = tokens.scope ?? before.scope
  const isVerified = identity !== undefined && idToken !== undefined
  const told = { ...tokens, refreshToken, scope, idToken: before.idToken, identity: NOBODY }
  const next = grantOf(isVerified ? { ...told, idToken, identity } : told, at)
  // The token of before lives on as long as it did, unless the provider says otherwise now.
  const refreshTokenExpiresAt =
    next.refreshTokenExpiresAt ?? (tokens.refreshToken === undefined ? before.refreshTokenExpiresAt : undefined)
  if (isVerified) {
    return {
      version,
      ...next,
      refreshTokenExpiresAt,
      acr: next.acr ?? before.acr,
      authTime: next.authTime ?? before.authTime,
      // A refresh proves nothing new about the person, and many leave claims out: it makes the session stricter, never looser.
      idleTimeoutMilliseconds: strictest([next.idleTimeoutMilliseconds, before.idleTimeoutMilliseconds]),
    }
  }
  const { accessToken, accessTokenExpiresAt, issuedAt } = next
  return { ...before, version, accessToken, accessTokenExpiresAt, issuedAt, refreshToken, refreshTokenExpiresAt, scope }
}

/** Stands in where the answer says nothing about the person; nothing of it is kept. */
const NOBODY = { issuer: '', subject: '', providerSession: undefined, acr: undefined, authTime: undefined, claims: {} }
