import type { Provider } from '../oidc/port.ts'
import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { SessionId } from '../session/records.ts'
import { sessionName } from '../session/session-name.ts'

/** Tokens that nobody will use any more; those of a session, or of a login that never became one. */
export interface Discarded {
  readonly ticket?: { readonly id: SessionId }
  readonly record: { readonly subject: string }
  readonly grant: { readonly refreshToken: string | undefined; readonly accessToken: string }
}

/** Tells the provider that tokens are of no more use (RFC 7009). Does not wait; a failure is logged and keeps nobody signed in. */
export type RevokeTokens = (discarded: Discarded) => void

export function createRevokeTokens(
  provider: Pick<Provider, 'revoke'>,
  report: Report,
  inBackground: (work: Promise<void>) => void,
): RevokeTokens {
  return function revokeTokens({ ticket, record, grant }) {
    const fields = { ...(ticket && { session: sessionName(ticket.id) }), subject: record.subject }
    const revoke = async (...[token, kind]: Parameters<Provider['revoke']>) => {
      try {
        await provider.revoke(token, kind)
      } catch (error) {
        report('token_revocation_failed', { ...fields, note: `${kind}: ${noteOf(error)}` })
      }
    }
    const revokeBoth = async () => {
      // The refresh token first: with it, most providers end the others too (RFC 7009 §2.1). Not all do, and the first try may fail.
      if (grant.refreshToken !== undefined) await revoke(grant.refreshToken, 'refresh_token')
      await revoke(grant.accessToken, 'access_token')
    }
    inBackground(revokeBoth())
  }
}
