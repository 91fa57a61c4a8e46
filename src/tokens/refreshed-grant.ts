import type { RefreshAnswer } from '../oidc/port.ts'
import type { GrantOf } from '../session/grant-of.ts'
import type { GrantRecord } from '../session/records.ts'

type Refreshed = Extract<RefreshAnswer, { kind: 'refreshed' }>['tokens']

/** The grant after a refresh: what the provider did not send anew stays as it was (RFC 6749 §6, OpenID Connect Core §12.2). */
export function refreshedGrant(
  before: GrantRecord,
  { identity, idToken, ...tokens }: Refreshed,
  at: number,
  grantOf: GrantOf,
): Omit<GrantRecord, 'version'> {
  const refreshToken = tokens.refreshToken ?? before.refreshToken
  const scope = tokens.scope ?? before.scope
  if (identity && idToken !== undefined) {
    const next = grantOf({ ...tokens, refreshToken, scope, idToken, identity }, at)
    return { ...next, acr: next.acr ?? before.acr, authTime: next.authTime ?? before.authTime }
  }
  const { accessToken, accessTokenExpiresAt, issuedAt } = grantOf(
    { ...tokens, refreshToken, scope, idToken: before.idToken, identity: NOBODY },
    at,
  )
  const { version: _, ...kept } = before
  return { ...kept, accessToken, accessTokenExpiresAt, issuedAt, refreshToken, scope }
}

/** Stands in where the answer says nothing about the person; nothing of it is kept. */
const NOBODY = { issuer: '', subject: '', providerSession: undefined, acr: undefined, authTime: undefined, claims: {} }
