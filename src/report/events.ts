import type { Blame, EndReason, FailureCode } from '../errors.ts'
import type { Weather } from './weather.ts'

/** How a login ended; a closed list, also a metric's label. */
export type LoginOutcome = 'signed_in' | 'denied' | 'refused' | 'not_started' | 'answer_invalid' | 'unavailable' | 'failed'

/** How a refresh ended; `unavailable` is everything but the provider's own word. */
export type RefreshOutcome = 'refreshed' | 'taken_over' | 'ended' | 'unavailable'

/** How the store is; `refusing`: it answers, but does not do what it is asked. */
export type StoreStateName = 'connected' | 'refusing' | 'lost'

/** How a WebSocket or an event stream ended; `lost`: without a word, by a reset or a fault on the way. */
export type LiveOutcome =
  | 'client_closed'
  | 'client_lost'
  | 'upstream_closed'
  | 'upstream_lost'
  | 'idle'
  | 'session_ended'
  | 'going_away'
  | 'session_unknown'

/** What became of a logout token: `nothing`: nobody was signed in; `kept`: the store is away, and it is applied once that is back. */
export type BackchannelOutcome = 'ended' | 'nothing' | 'repeated' | 'kept' | 'refused' | 'unverifiable' | 'limited' | 'failed'

/** What an administrator did; `refused`: somebody without the secret. */
export type AdministrationOutcome = 'listed' | 'ended' | 'refused' | 'failed'

/** Fields that many events share; identifiers only, never a secret. */
interface OfRequest {
  readonly requestId?: string
}

interface OfSession extends OfRequest {
  /** The session's short public name for logs: the first 12 characters of its hashed id. */
  readonly session?: string
  /** The `sub` of the person. */
  readonly subject?: string
}

/** The closed list of what happens here: a stable name and the fields that may be told. */
export interface Events {
  login_started: OfRequest & { readonly provider: string }
  login_finished: OfSession & { readonly outcome: LoginOutcome; readonly note?: string }
  return_target_refused: OfRequest
  session_began: OfSession & {
    /** Its cookie outlives the browser. */
    readonly remembered?: true
  }
  /** Somebody stepped up: `session` takes the place of `predecessor`, under a new id and with the class of sign-in that it has now. */
  session_rotated: OfSession & { readonly predecessor: string; readonly acr?: string }
  session_ended: OfSession & { readonly reason: EndReason }
  token_refreshed: OfSession & {
    readonly outcome: RefreshOutcome
    /** Only with `unavailable`. */
    readonly reason?: Weather
    readonly note?: string
    readonly milliseconds: number
  }
  /** A refresh brought other claims than those of before. */
  claims_changed: OfSession
  /** What becomes of renewed tokens that the store did not take at once. */
  renewed_grant: OfSession & { readonly state: 'held' | 'written' | 'conflict' | 'absent'; readonly note?: string }
  /** Whether the provider's token endpoint is asked, or left in peace for a while. */
  token_endpoint_state: { readonly issuer: string; readonly state: 'answering' | 'resting'; readonly reason?: Weather }
  backchannel_logout: OfSession & {
    readonly outcome: BackchannelOutcome
    readonly providerSession?: string
    /** How many sessions ended. */
    readonly ended?: number
    readonly note?: string
  }
  /** What becomes of a verified logout that the store did not take at once. */
  kept_logout: OfSession & { readonly state: 'kept' | 'applied' | 'dropped'; readonly providerSession?: string }
  frontchannel_logout: OfRequest & {
    readonly outcome: 'ended' | 'nothing'
    readonly providerSession?: string
    readonly ended?: number
  }
  administered: OfSession & {
    readonly outcome: AdministrationOutcome
    readonly administrator?: string
    readonly why?: string
    readonly providerSession?: string
    /** The public name of one session. */
    readonly handle?: string
    readonly ended?: number
    readonly note?: string
  }
  token_revocation_failed: OfSession & { readonly note: string }
  request_refused: OfSession & { readonly code: FailureCode; readonly blame: Blame; readonly note?: string }
  live_connection_closed: OfSession & {
    readonly kind: 'tunnel' | 'stream'
    /** The route's prefix; of our own event streams their path. */
    readonly route: string
    /** Of what is carried. */
    readonly upstream?: string
    readonly outcome: LiveOutcome
    readonly milliseconds: number
    readonly blame?: Blame
  }
  /** `person`: somebody had too many sessions, and the oldest ended. */
  limit_reached: OfSession & { readonly limit: 'address' | 'browser' | 'person'; readonly endpoint: string }
  forwarding_untrusted: { readonly note: string }
  provider_state: { readonly issuer: string; readonly state: 'ready' | 'unavailable'; readonly note?: string }
  upstream_configured: { readonly upstream: string }
  upstream_connection_failed: { readonly upstream: string; readonly note: string }
  upstream_state: { readonly upstream: string; readonly state: 'reachable' | 'unreachable'; readonly note?: string }
  store_state: { readonly state: StoreStateName; readonly note?: string }
  store_warning: { readonly note: string }
  configuration_warning: { readonly place: string; readonly note: string }
  listening: { readonly url: string; readonly privateUrl: string; readonly authorizeUrl?: string }
  worker_began: { readonly worker: number }
  worker_ended: { readonly worker: number; readonly note: string }
  draining: { readonly inFlight: number }
  stopped: { readonly inFlight: number }
  unexpected_error: OfRequest & { readonly name: string; readonly note: string; readonly stack?: string }
}

export type EventName = keyof Events

/** Tells that something happened; never throws, never waits. */
export type Report = <Name extends EventName>(name: Name, fields: Events[Name]) => void
