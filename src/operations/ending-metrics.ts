import { Counter, Gauge, type Registry } from 'prom-client'
import type { AdministrationOutcome, BackchannelOutcome } from '../report/events.ts'

const BACKCHANNEL_OUTCOMES = {
  ended: true,
  nothing: true,
  repeated: true,
  kept: true,
  refused: true,
  unverifiable: true,
  limited: true,
  failed: true,
} satisfies Record<BackchannelOutcome, true>

const ADMINISTRATION_OUTCOMES = { listed: true, ended: true, refused: true, failed: true } satisfies Record<
  AdministrationOutcome,
  true
>

/** Counts the endings that come without a cookie. */
export interface EndingMetrics {
  backchannelLogout(outcome: BackchannelOutcome): void
  /** A verified logout more (1) or less (-1) that the store has not taken. */
  logoutKept(by: 1 | -1): void
  frontchannelLogout(outcome: 'ended' | 'nothing'): void
  administered(outcome: AdministrationOutcome): void
}

export function createEndingMetrics(registry: Registry): EndingMetrics {
  const counter = (name: string, help: string) =>
    new Counter({ name: `coatcheck_${name}`, help, labelNames: ['outcome'], registers: [registry] })
  const backchannel = counter('backchannel_logouts_total', 'Logout tokens received, by outcome.')
  const frontchannel = counter('frontchannel_logouts_total', "Frames of the provider's that asked for an ending, by outcome.")
  const administration = counter('administration_requests_total', 'Requests to /admin, by outcome.')
  const kept = new Gauge({
    name: 'coatcheck_logouts_kept',
    help: 'Verified logouts that wait until the store takes them.',
    registers: [registry],
  })
  // From zero, so that the first of a kind shows up as a rate.
  for (const outcome of Object.keys(BACKCHANNEL_OUTCOMES)) backchannel.labels(outcome).inc(0)
  for (const outcome of Object.keys(ADMINISTRATION_OUTCOMES)) administration.labels(outcome).inc(0)
  for (const outcome of ['ended', 'nothing']) frontchannel.labels(outcome).inc(0)

  return {
    backchannelLogout: (outcome) => backchannel.labels(outcome).inc(),
    logoutKept: (by) => kept.inc(by),
    frontchannelLogout: (outcome) => frontchannel.labels(outcome).inc(),
    administered: (outcome) => administration.labels(outcome).inc(),
  }
}
