import { randomBytes } from 'node:crypto'
import type { SessionId } from '../session/records.ts'
import type { Store } from '../store/port.ts'

/** Whoever dies with a lease holds up the others for no longer than this. */
export const LEASE_MILLISECONDS = 5_000
const RENEW_EVERY_MILLISECONDS = 1_500
/** Nobody else can have had a lease that was taken so lately: it lives five times as long. */
const JUST_MILLISECONDS = 1_000

/** The right to refresh one session, in this process alone, for as long as it is renewed. */
export interface Lease {
  /** Renews it; whether the store said that it is ours. Rejects with `store_unavailable`. */
  readonly confirm: () => Promise<boolean>
  /** Whether it was taken so lately, with the store there ever since, that it is ours still and all that was read under it stands. */
  readonly isJustTaken: () => boolean
  /** Gives it back. Where the store does not hear of it, it lapses by itself. */
  readonly release: () => Promise<void>
}

/** Undefined where somebody else has it. Rejects with `store_unavailable`: then nobody knows, and nothing may be refreshed. */
export type TakeLease = (id: SessionId) => Promise<Lease | undefined>

interface Steps {
  readonly store: Pick<Store, 'lease' | 'release' | 'watch'>
  readonly leaseKey: (id: SessionId) => string
  readonly now: () => number
}

/**
 * Leases under one owner's name for the whole process, so that a lease whose answer was lost is simply taken again. Each is renewed
 * while it is held, however long the provider takes, and at once when the store comes back, which may have forgotten it.
 */
export function createTakeLease({ store, leaseKey, now }: Steps): TakeLease {
  const owner = randomBytes(12).toString('base64url')
  const held = new Set<() => void>()
  let storeFoundAt = -Infinity
  store.watch((key) => {
    if (key !== undefined) return
    storeFoundAt = now()
    for (const renew of held) renew()
  })

  return async function takeLease(id) {
    const key = leaseKey(id)
    const confirm = () => store.lease(key, owner, LEASE_MILLISECONDS)
    const askedAt = now()
    if (!(await confirm())) return undefined

    // A renewal that fails is weather: the next one follows, and whoever calls the provider confirms first.
    const renew = () => void confirm().catch(() => false)
    const timer = setInterval(renew, RENEW_EVERY_MILLISECONDS)
    held.add(renew)
    return {
      confirm,
      isJustTaken: () => now() - askedAt < JUST_MILLISECONDS && now() >= askedAt && storeFoundAt < askedAt,
      async release() {
        clearInterval(timer)
        held.delete(renew)
        await store.release(key, owner).catch(() => undefined)
      },
    }
  }
}
