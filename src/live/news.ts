import type { Lifetimes } from '../session/lifetimes.ts'
import { type ShownTimes, shownTimes } from '../session/shown-times.ts'
import type { KnownSession } from './live-connection.ts'
import { type Told, toldOf } from './told.ts'
import { warningAhead, type WarningSteps } from './warning.ts'

/** What a page is told of a session that goes on; the closed list, but for `ended`, after which there is nothing to tell. */
export type News = { readonly told: Told } & (
  | { readonly event: 'user-changed'; readonly data: Readonly<Record<string, never>> }
  | { readonly event: 'claims-changed'; readonly data: { readonly user: Readonly<Record<string, unknown>> } }
  | { readonly event: 'expiring' | 'extended'; readonly data: ShownTimes }
)

export interface NewsSteps extends WarningSteps {
  readonly lifetimes: Pick<Lifetimes, 'endsAt' | 'idleTimeout'>
  readonly now: () => number
}

/**
 * The difference between what a page was told and what is known now, each with what it has been told once it has that. One rule for
 * pages that stayed and for those that come back.
 */
export function newsSince(told: Told, { session, idleExpiresAt }: KnownSession, steps: NewsSteps): readonly News[] {
  const news: News[] = []
  const current = toldOf(session)
  let { warnedOf } = told
  if (told.who !== current.who) {
    warnedOf = undefined
    news.push({ event: 'user-changed', data: {}, told: { ...current, warnedOf } })
  } else if (told.claims !== current.claims) {
    news.push({ event: 'claims-changed', data: { user: session.grant.claims }, told: { ...current, warnedOf } })
  }
  if (idleExpiresAt === undefined) return news

  const { lifetimes, now } = steps
  const at = now()
  const ahead = warningAhead(steps, session.grant)
  const end = Math.floor(Math.min(idleExpiresAt, lifetimes.endsAt(session.record, session.grant)))
  const data = (): ShownTimes => shownTimes(session, end, lifetimes, at)
  if (warnedOf !== undefined && end > warnedOf) {
    warnedOf = undefined
    news.push({ event: 'extended', data: data(), told: { ...current, warnedOf } })
  }
  // Again where there is more time and it is short all the same: the absolute end moves for nobody.
  if (ahead > 0 && end - at <= ahead && (warnedOf === undefined || end < warnedOf)) {
    warnedOf = end
    news.push({ event: 'expiring', data: data(), told: { ...current, warnedOf } })
  }
  return news
}
