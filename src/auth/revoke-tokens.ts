import type { Provider } from '../oidc/port.ts'
import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { LiveSession } from '../session/records.ts'
import { sessionName } from '../session/session-name.ts'

/** Tells the provider that a session's tokens are of no more use (RFC 7009). Does not wait; a failure is logged and keeps nobody signed in. */
export type RevokeTokens = (session: LiveSession) => void

export function createRevokeTokens(
  provider: Pick<Provider, 'revoke'>,
  report: Report,
  inBackground: (work: Promise<void>) => void,
): RevokeTokens {
  return function revokeTokens({ ticket, record, grant }) {
    const fields = { session: sessionName(ticket.id), subject: record.subject }
    const revoke = async () => {
      try {
        // The refresh token first: with it, most providers end the others too (RFC 7009 §2.1).
        if (grant.refreshToken !== undefined) await provider.revoke(grant.refreshToken, 'refresh_token')
        await provider.revoke(grant.accessToken, 'access_token')
      } catch (error) {
        report('token_revocation_failed', { ...fields, note: noteOf(error) })
      }
    }
    inBackground(revoke())
  }
}
