import type { JSONWebKeySet } from 'jose'
import { compactVerify, createLocalJWKSet, errors } from 'jose'
import type { CustomFetch } from 'openid-client'

import { GatewayError } from '../errors.ts'
import { createAllowance } from './allowance.ts'
import { readableCode } from './error-code.ts'

/** How long keys are used without asking again: the most that a key lives on which the provider has withdrawn. */
const FRESH_MILLISECONDS = 10 * 60_000
/** How long keys serve while the provider's key set cannot be fetched. */
const STALE_MILLISECONDS = 60 * 60_000
/** A rotation is seen at once, even the next one right after; tokens with made-up `kid`s cost 12 requests a minute at most. */
const FETCHES = { burst: 5, refillMilliseconds: 5_000 }

/** The provider's public keys, and nothing else's: `jku`, `x5u`, `x5c` and `jwk` of a header are never looked at. */
export interface KeySet {
  /** Resolves when the signature is by one of the provider's keys; rejects with `provider_answer_invalid` or `provider_unavailable`. */
  verify(jws: string, algorithms: readonly string[]): Promise<void>
}

interface Steps {
  readonly jwksUri: string
  readonly fetch: CustomFetch
  readonly now: () => number
}

type Keys = ReturnType<typeof createLocalJWKSet>

/**
 * Keeps the keys of one `jwks_uri` (RFC 7517 §5).
 *
 * A token that none of the known keys verifies makes it ask once more (OpenID Connect Core §10.1.1), within an allowance that all
 * fetches share; fetches at the same time are one.
 */
export function createKeySet({ jwksUri, fetch, now }: Steps): KeySet {
  const allowance = createAllowance({ ...FETCHES, now })
  let known: { readonly keys: Keys; readonly fetchedAt: number } | undefined
  let fetching: Promise<Keys> | undefined

  function renew(): Promise<Keys> {
    fetching ??= load().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  async function load(): Promise<Keys> {
    if (!allowance.take()) throw new GatewayError('provider_unavailable', { note: 'the key set was asked for too often' })
    const keys = await fetchKeys(jwksUri, fetch)
    known = { keys, fetchedAt: now() }
    return keys
  }

  function knownFor(milliseconds: number): Keys | undefined {
    return known !== undefined && now() - known.fetchedAt < milliseconds ? known.keys : undefined
  }

  function current(): Promise<Keys> {
    const fresh = knownFor(FRESH_MILLISECONDS)
    if (fresh) return Promise.resolve(fresh)
    return renew().catch((error: unknown) => {
      const stale = knownFor(STALE_MILLISECONDS)
      if (stale) return stale
      throw error
    })
  }

  return {
    async verify(jws, algorithms) {
      const before = known
      const keys = await current()
      try {
        await verifyWith(keys, jws, algorithms)
      } catch (error) {
        const justFetched = known !== before
        if (!mayBeOutdated(error) || justFetched) throw unverifiable(error)
        const newer = await renew().catch(() => {
          throw unverifiable(error)
        })
        await verifyWith(newer, jws, algorithms).catch((again: unknown) => {
          throw unverifiable(again)
        })
      }
    },
  }
}

async function fetchKeys(jwksUri: string, fetch: CustomFetch): Promise<Keys> {
  const headers = { accept: 'application/json, application/jwk-set+json' }
  const response = await fetch(jwksUri, { method: 'GET', headers, body: undefined, redirect: 'manual' })
  const set: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined
  if (!isKeySet(set)) throw new GatewayError('provider_answer_invalid', { note: 'the key set is none' })
  // RFC 7517 §5: members that cannot be understood are ignored.
  return createLocalJWKSet({ keys: set.keys.filter((key) => typeof key === 'object' && key !== null && !Array.isArray(key)) })
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

async function verifyWith(keys: Keys, jws: string, algorithms: readonly string[]): Promise<void> {
  const options = { algorithms: [...algorithms] }
  try {
    await compactVerify(jws, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    // No `kid`, several keys that could be meant: each is tried, never just the first (OpenID Connect Core §10.1).
    for await (const key of error) {
      const verified = await compactVerify(jws, key, options).then(
        () => true,
        () => false,
      )
      if (verified) return
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}

/** Whether newer keys could change the verdict: an unknown key, or another key under a name that stayed. */
function mayBeOutdated(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}

function unverifiable(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = error instanceof errors.JOSEError ? error.code : error instanceof Error ? error.name : undefined
  return new GatewayError('provider_answer_invalid', { note: `signature: ${readableCode(code)}` })
}
