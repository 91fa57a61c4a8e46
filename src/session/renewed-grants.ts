import type { LiveSession, SessionId } from './records.ts'

/**
 * How long a grant that was written is remembered: a store that comes back from a crash, or whose replica takes over, may have lost
 * the last seconds, and with them the only refresh token that is still good.
 */
const REMEMBERED_MILLISECONDS = 120_000

/** Grants that were renewed lately: those that the store does not hold yet, and for a while those that it does. */
export interface RenewedGrants {
  /** The session with the newest grant that is known here. */
  readonly newest: (session: LiveSession) => LiveSession
  /** The store does not hold this grant: it is kept until it does, or until the session has ended. */
  readonly hold: (session: LiveSession) => void
  readonly isHeld: (id: SessionId) => boolean
  /** The store holds this grant. */
  readonly written: (session: LiveSession) => void
  /** The store was seen to hold this grant, whoever renewed it: remembered likewise while it is new. */
  readonly seen: (session: LiveSession) => void
  /** Those that were written lately, oldest first. */
  readonly lately: () => readonly LiveSession[]
  readonly forget: (id: SessionId) => void
}

export function createRenewedGrants({ most, now }: { readonly most: number; readonly now: () => number }): RenewedGrants {
  const held = new Map<SessionId, LiveSession>()
  const written = new Map<SessionId, { readonly session: LiveSession; readonly at: number }>()

  function remember(session: LiveSession): void {
    const { id } = session.ticket
    written.delete(id)
    written.set(id, { session, at: now() })
    prune()
  }

  function prune(): void {
    const oldest = now() - REMEMBERED_MILLISECONDS
    for (const [id, { at }] of written) {
      if (at >= oldest && written.size <= most) return
      written.delete(id)
    }
  }

  return {
    newest(session) {
      const { id } = session.ticket
      const renewed = held.get(id) ?? written.get(id)?.session
      return renewed !== undefined && renewed.grant.version > session.grant.version ? renewed : session
    },
    hold: (session) => void held.set(session.ticket.id, session),
    isHeld: (id) => held.has(id),
    written(session) {
      held.delete(session.ticket.id)
      remember(session)
    },
    seen(session) {
      const { version, issuedAt } = session.grant
      if (version > 1 && issuedAt > now() - REMEMBERED_MILLISECONDS) remember(session)
    },
    lately() {
      prune()
      return [...written.values()].map(({ session }) => session)
    },
    forget(id) {
      held.delete(id)
      written.delete(id)
    },
  }
}
