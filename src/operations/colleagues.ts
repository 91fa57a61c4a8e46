import type { Provider } from '../oidc/port.ts'
import type { MetricsSnapshot } from './merge-snapshots.ts'

/** Whether one process should be sent requests, and what is missing. */
export interface Readiness {
  readonly store: 'ready' | 'unavailable'
  readonly provider: Provider['state']
  readonly draining: boolean
}

/** What one process knows about itself alone. */
export interface OwnAnswers {
  readonly readiness: () => Readiness
  readonly metrics: () => Promise<MetricsSnapshot>
}

/** The processes that serve together on this machine: whoever of them is asked answers for all. */
export interface Colleagues {
  /** How this process answers when another one asks; called once, before anybody is asked. */
  readonly answerBy: (own: OwnAnswers) => void
  /** Of every process that serves, this one included; undefined for one that did not answer in time. */
  readonly readiness: () => Promise<readonly (Readiness | undefined)[]>
  /** Of every process, those that are gone included, so that no sum ever falls. */
  readonly metrics: () => Promise<readonly MetricsSnapshot[]>
}

const NO_ANSWER: Readiness = { store: 'unavailable', provider: 'unavailable', draining: false }

/**
 * Ready as a whole: all that serve are, since a balancer's next request may reach any of them. One that has died is not among them:
 * it gets no requests, and the others need not suffer for it.
 */
export function readinessOfAll(all: readonly (Readiness | undefined)[]): Readiness & { readonly ready: boolean } {
  const each = all.map((readiness) => readiness ?? NO_ANSWER)
  const store = each.every((one) => one.store === 'ready') ? 'ready' : 'unavailable'
  const provider = each.find((one) => one.provider !== 'ready')?.provider ?? 'ready'
  const draining = each.some((one) => one.draining)
  return { ready: each.length > 0 && store === 'ready' && provider === 'ready' && !draining, store, provider, draining }
}
