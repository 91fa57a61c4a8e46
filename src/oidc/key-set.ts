import type { JSONWebKeySet } from 'jose'
import { createLocalJWKSet, errors } from 'jose'
import type { CustomFetch } from 'openid-client'

import { GatewayError } from '../errors.ts'
import { createAllowance } from './allowance.ts'
import { readableCode } from './error-code.ts'
import type { Keys } from './signature-problem.ts'
import { findSignatureProblem, isAccepted, mayBeOutdated } from './signature-problem.ts'

/** How long keys are used without asking again: the most that a key lives on which the provider has withdrawn. */
const FRESH_MILLISECONDS = 10 * 60_000
/** How long keys serve while the provider's key set cannot be fetched. */
const STALE_MILLISECONDS = 60 * 60_000
/** A rotation is seen at once, even the next one right after; tokens with made-up `kid`s cost 12 requests a minute at most. */
const FETCHES = { burst: 5, refillMilliseconds: 5_000 }

/** What is known of a signature; `unchecked`: nothing, since the keys that would tell cannot be had at the moment. */
export type Verdict =
  | { readonly kind: 'genuine' }
  | { readonly kind: 'wrong'; readonly error: GatewayError }
  | { readonly kind: 'unchecked'; readonly error: GatewayError }

/** The provider's public keys, and nothing else's: `jku`, `x5u`, `x5c` and `jwk` of a header are never looked at. */
export interface KeySet {
  /** Whether the signature is by one of the provider's keys; never rejects. */
  verify(jws: string, algorithms: readonly string[]): Promise<Verdict>
}

interface Steps {
  readonly jwksUri: string
  readonly fetch: CustomFetch
  readonly now: () => number
}

/** Keys, and when they were fetched, in epoch milliseconds. */
interface Known {
  readonly keys: Keys
  readonly fetchedAt: number
}

/**
 * Keeps the keys of one `jwks_uri` (RFC 7517 §5).
 *
 * A token that none of the known keys verifies makes it ask once more (OpenID Connect Core §10.1.1), within an allowance that all
 * fetches share; fetches at the same time are one.
 */
export function createKeySet({ jwksUri, fetch, now }: Steps): KeySet {
  const allowance = createAllowance({ ...FETCHES, now })
  let known: Known | undefined
  let fetching: Promise<Known> | undefined

  function renew(): Promise<Known> {
    fetching ??= load().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  async function load(): Promise<Known> {
    if (!allowance.take()) throw new GatewayError('provider_unavailable', { note: 'the key set was asked for too often' })
    const keys = await fetchKeys(jwksUri, fetch)
    known = { keys, fetchedAt: now() }
    return known
  }

  function knownFor(milliseconds: number): Known | undefined {
    return known !== undefined && now() - known.fetchedAt < milliseconds ? known : undefined
  }

  function current(): Promise<Known> {
    const fresh = knownFor(FRESH_MILLISECONDS)
    if (fresh) return Promise.resolve(fresh)
    return renew().catch((error: unknown) => {
      const stale = knownFor(STALE_MILLISECONDS)
      if (stale) return stale
      throw error
    })
  }

  /** Keys that are newer than these: somebody else may have fetched them meanwhile. */
  function newerThan(used: Known): Promise<Known> {
    return known !== undefined && known !== used ? Promise.resolve(known) : renew()
  }

  return {
    async verify(jws, algorithms) {
      // Keys make no difference to a kind of signature that is not accepted.
      if (!isAccepted(jws, algorithms)) return wrong(new errors.JOSEAlgNotAllowed())
      const before = known
      const used = await current().catch(unchecked)
      if ('kind' in used) return used
      const problem = await findSignatureProblem(used.keys, jws, algorithms)
      if (problem === undefined) return { kind: 'genuine' }
      if (!mayBeOutdated(problem) || used !== before) return wrong(problem)

      const newer = await newerThan(used).catch(() => unchecked(problem))
      if ('kind' in newer) return newer
      const again = await findSignatureProblem(newer.keys, jws, algorithms)
      return again === undefined ? { kind: 'genuine' } : wrong(again)
    },
  }
}

async function fetchKeys(jwksUri: string, fetch: CustomFetch): Promise<Keys> {
  const headers = { accept: 'application/json, application/jwk-set+json' }
  const response = await fetch(jwksUri, { method: 'GET', headers, body: undefined, redirect: 'manual' })
  const set: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined
  // RFC 7517 §5: members that cannot be understood are ignored.
  const keys = isKeySet(set) ? set.keys.filter((key) => typeof key === 'object' && key !== null && !Array.isArray(key)) : []
  // A set without keys says as little as no set; those that are known are better.
  if (keys.length === 0) throw new GatewayError('provider_answer_invalid', { note: 'the key set is none' })
  return createLocalJWKSet({ keys })
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

function wrong(error: unknown): Verdict {
  return { kind: 'wrong', error: unverifiable(error) }
}

function unchecked(error: unknown): Extract<Verdict, { kind: 'unchecked' }> {
  return { kind: 'unchecked', error: unverifiable(error) }
}

function unverifiable(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = error instanceof errors.JOSEError ? error.code : error instanceof Error ? error.name : undefined
  return new GatewayError('provider_answer_invalid', { note: `signature: ${readableCode(code)}` })
}
