import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { FindSession } from '../session/find-session.ts'
import type { HoldGrant } from '../session/hold-grant.ts'
import type { LiveSession } from '../session/records.ts'
import type { RenewedGrants } from '../session/renewed-grants.ts'
import type { GrantReplacement, ReplaceGrant } from '../session/replace-grant.ts'
import { sessionName } from '../session/session-name.ts'
import { stormy } from './outcome.ts'
import type { WriteLater } from './write-later.ts'

interface Steps {
  readonly replaceGrant: ReplaceGrant
  readonly writeLater: WriteLater
  readonly holdGrant: HoldGrant
  readonly renewed: Pick<RenewedGrants, 'written' | 'forget'>
  /** On the store's word of now. */
  readonly findAnew: FindSession
  /** Tells the provider that tokens are of no more use; does not wait. */
  readonly revokeTokens: (session: LiveSession) => void
  readonly inBackground: (work: Promise<void>) => void
  readonly report: Report
}

/** `held`: the store did not take it; it is used all the same, and written as soon as that can be done. */
export type Keeping = GrantReplacement | 'held'

/**
 * Keeps a grant that a refresh brought: in the store, before anything else uses it; and where the store fails, in this process until
 * the store takes it. Where it is held, `release` gives the lease back once nobody can lose it any more.
 */
export type KeepRenewed = (session: LiveSession, release: () => Promise<void>) => Promise<Keeping>

export function createKeepRenewed(steps: Steps): KeepRenewed {
  const { replaceGrant, writeLater, holdGrant, renewed, findAnew, revokeTokens, inBackground, report } = steps

  return async function keepRenewed(session, release) {
    try {
      const replacement = await replaceGrant(session)
      settle(session, replacement)
      return replacement
    } catch (error) {
      const note = noteOf(stormy(error).error)
      holdGrant(session)
      tell(session, 'held', note)
      inBackground(later(session, release))
      return 'held'
    }
  }

  async function later(session: LiveSession, release: () => Promise<void>): Promise<void> {
    try {
      const replacement = await writeLater(session)
      settle(session, replacement)
      tell(session, replacement)
    } finally {
      await release()
    }
  }

  function settle(session: LiveSession, replacement: GrantReplacement): void {
    if (replacement === 'written') {
      renewed.written(session)
      inBackground(openAgain(session))
    } else {
      renewed.forget(session.ticket.id)
    }
    if (replacement === 'absent') inBackground(revokeLate(session))
  }

  /**
   * Signed out meanwhile: what came late must not live on at the provider. But whoever signed in anew, or stepped up, goes on in a
   * session that may share this grant.
   */
  async function revokeLate(session: LiveSession): Promise<void> {
    const verdict = await Promise.resolve(findAnew(session.ticket)).catch(stormy)
    if (verdict.kind !== 'ended' || verdict.reason !== 'replaced') revokeTokens(session)
  }

  /** The write has made what is kept here void. It is read again beside, so that no request has to wait for that. */
  async function openAgain({ ticket }: LiveSession): Promise<void> {
    try {
      await findAnew(ticket)
    } catch (error) {
      stormy(error)
    }
  }

  function tell({ ticket, record }: LiveSession, state: Keeping, note?: string): void {
    const fields = { session: sessionName(ticket.id), subject: record.subject, state }
    report('renewed_grant', note === undefined ? fields : { ...fields, note })
  }
}
