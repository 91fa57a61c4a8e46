import type { LifetimeRule } from '../config/config.ts'

type Claims = Readonly<Record<string, unknown>>

/** The strictest timeouts of all rules that match; undefined where none says one. */
export interface RuledLifetimes {
  readonly idleTimeoutMilliseconds: number | undefined
  readonly absoluteTimeoutMilliseconds: number | undefined
}

/** Judges by all claims as the provider issued them, whether or not they may be shown. */
export function ruledLifetimes(rules: readonly LifetimeRule[], claims: Claims): RuledLifetimes {
  const matching = rules.filter((rule) => matches(rule, claims))
  return {
    idleTimeoutMilliseconds: strictest(matching.map(({ idleTimeoutMilliseconds }) => idleTimeoutMilliseconds)),
    absoluteTimeoutMilliseconds: strictest(matching.map(({ absoluteTimeoutMilliseconds }) => absoluteTimeoutMilliseconds)),
  }
}

/** The least of the timeouts that are there. */
export function strictest(timeouts: readonly (number | undefined)[]): number | undefined {
  const there = timeouts.filter((timeout) => timeout !== undefined)
  return there.length === 0 ? undefined : Math.min(...there)
}

/** A claim is its value, or a list that holds it (such as of roles); numbers and truths are compared as they are written. */
function matches({ claim, value }: LifetimeRule, claims: Claims): boolean {
  return [claims[claim]].flat().some((one) => ['string', 'number', 'boolean'].includes(typeof one) && String(one) === value)
}
