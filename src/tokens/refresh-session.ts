import { GatewayError } from '../errors.ts'
import type { Provider } from '../oidc/port.ts'
import { noteOf } from '../report/describe-error.ts'
import type { RefreshOutcome as TokenOutcome, Report } from '../report/events.ts'
import type { EndSession } from '../session/end-session.ts'
import type { FindSession } from '../session/find-session.ts'
import type { GrantOf } from '../session/grant-of.ts'
import type { LiveSession, Verdict } from '../session/records.ts'
import type { ReplaceGrant } from '../session/replace-grant.ts'
import { sessionName } from '../session/session-name.ts'
import { refreshedGrant } from './refreshed-grant.ts'
import { createWriteRenewed } from './write-renewed.ts'

/** What a refresh came to: a session with new tokens, the end of the session, or weather that changes nothing. */
export type RefreshOutcome =
  | Verdict
  | { readonly kind: 'unavailable'; readonly error: GatewayError; readonly retryAfterSeconds: number | undefined }

interface Steps {
  readonly provider: Pick<Provider, 'refresh'>
  readonly replaceGrant: ReplaceGrant
  readonly findSession: FindSession
  readonly endSession: EndSession
  readonly grantOf: GrantOf
  /** Tells the provider that tokens are of no more use; does not wait. */
  readonly revokeTokens: (session: LiveSession) => void
  /** Whether the store is there: a rotation that cannot be written is a lost session. */
  readonly isStoreLive: () => boolean
  readonly report: Report
  readonly now: () => number
}

/** Renews a session's tokens once. Only the provider's own `invalid_grant` ends the session, and only if nobody renewed them meanwhile. */
export type RefreshSession = (asked: LiveSession) => Promise<RefreshOutcome>

export function createRefreshSession({
  provider,
  replaceGrant,
  findSession,
  endSession,
  grantOf,
  revokeTokens,
  isStoreLive,
  report,
  now,
}: Steps): RefreshSession {
  const writeRenewed = createWriteRenewed(replaceGrant, now)

  return async function refreshSession(asked) {
    try {
      return await refresh(asked)
    } catch (error) {
      // A store that cannot be asked is weather too: it ends no session.
      if (error instanceof GatewayError) return { kind: 'unavailable', error, retryAfterSeconds: error.detail.retryAfterSeconds }
      throw error
    }
  }

  async function refresh(asked: LiveSession): Promise<RefreshOutcome> {
    // Look again: whoever asks may hold a grant that was renewed while it waited, and a spent refresh token must never be sent.
    const standing = await findSession(asked.ticket)
    if (standing.kind === 'ended' || standing.session.grant.version !== asked.grant.version) return standing
    const { refreshToken } = standing.session.grant
    if (refreshToken === undefined) return endSession(standing.session, 'expired')
    return renew(standing.session, refreshToken)
  }

  async function renew(session: LiveSession, refreshToken: string): Promise<RefreshOutcome> {
    const { record, grant, ticket } = session
    const startedAt = now()
    const tell = (outcome: TokenOutcome, note?: string) =>
      report('token_refreshed', {
        session: sessionName(ticket.id),
        subject: record.subject,
        outcome,
        milliseconds: now() - startedAt,
        ...(note === undefined ? {} : { note }),
      })

    if (!isStoreLive())
      throw new GatewayError('store_unavailable', { retryAfterSeconds: 1, note: 'no refresh while the store is away' })
    const answer = await provider.refresh({
      refreshToken,
      issuer: record.issuer,
      subject: record.subject,
      authTime: grant.authTime,
    })
    if (answer.kind === 'unavailable') {
      tell('unavailable', answer.error.message)
      return answer
    }
    if (answer.kind === 'refreshed') {
      const next = refreshedGrant(grant, answer.tokens, now(), grantOf)
      const replacement = await writeRenewed(session, next).catch((error: unknown) => {
        tell('unavailable', noteOf(error))
        throw error
      })
      tell(replacement === 'written' ? 'refreshed' : 'taken_over', replacement)
      // Signed out meanwhile: what came late must not live on at the provider.
      if (replacement === 'absent') revokeTokens({ ticket, record, grant: { version: grant.version, ...next } })
      if (replacement !== 'written') return findSession(ticket)
      return {
        kind: 'live',
        session: Object.freeze({ ticket, record, grant: Object.freeze({ version: grant.version + 1, ...next }) }),
      }
    }

    const standing = await findSession(ticket)
    const isStill = standing.kind === 'live' && standing.session.grant.version === grant.version
    tell(isStill ? 'ended' : 'taken_over', 'refused by the provider')
    return isStill ? endSession(session, 'grant_refused') : standing
  }
}
