import { type EndReason, FAILURES, GatewayError } from '../errors.ts'
import type { Weather } from '../report/weather.ts'
import type { LiveSession, Verdict } from '../session/records.ts'

/**
 * What a refresh came to. `fresh`: a session with tokens that are good now. `ended`: by the provider's own word, or since the session is
 * gone. `unavailable`: weather, which changes nothing; `retryMilliseconds` says when it may be worth another try.
 */
export type RefreshOutcome =
  | { readonly kind: 'fresh'; readonly session: LiveSession }
  | { readonly kind: 'ended'; readonly reason: EndReason }
  | Unavailable

export interface Unavailable {
  readonly kind: 'unavailable'
  readonly reason: Weather
  readonly error: GatewayError
  readonly retryMilliseconds: number
}

/** A verdict on a session that needs no refresh (any more). */
export function outcomeOf(verdict: Verdict): RefreshOutcome {
  return verdict.kind === 'live' ? { kind: 'fresh', session: verdict.session } : verdict
}

/** Weather of our own making; `note` is for the log. */
export function unavailable(reason: Weather, note: string, retryMilliseconds = 0): Unavailable {
  return { kind: 'unavailable', reason, error: new GatewayError('token_unavailable', { note }), retryMilliseconds }
}

/** The same for what was thrown on the way, which must be an error of the store: anything else is a fault of ours, and thrown on. */
export function stormy(thrown: unknown): Unavailable {
  if (!(thrown instanceof GatewayError) || FAILURES[thrown.code].blame !== 'store') throw thrown
  return { kind: 'unavailable', reason: 'store', error: thrown, retryMilliseconds: 0 }
}
