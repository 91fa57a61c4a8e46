import { createHash } from 'node:crypto'
import type { LogoutToken } from '../oidc/port.ts'
import type { EndListed } from '../session/end-listed.ts'
import type { Store } from '../store/port.ts'

/** How many sessions a logout ended; `repeated`: this very token was applied before. */
export type Applied = number | 'repeated'

/**
 * Applies a verified logout of the provider's, once for each `jti`. The token is noted once its sessions have ended and not before:
 * where that fails it is free to come again. Of copies that come at the same time each ends what the others end.
 *
 * `at` is when it came. Rejects with `store_unavailable`.
 */
export type ApplyLogout = (logout: LogoutToken, at: number, isLate?: boolean) => Promise<Applied>

interface Steps {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly namespace: string
  readonly endListed: EndListed
  readonly now: () => number
}

export function createApplyLogout({ store, namespace, endListed, now }: Steps): ApplyLogout {
  return async function applyLogout({ issuer, tokenId, subject, providerSession, usableUntil }, at, isLate = false) {
    const name = `${namespace}:jti:${hash(issuer, tokenId)}`
    const [applied] = await store.read([name])
    if (applied !== undefined) return 'repeated'
    const ended = await endListed({ issuer, subject, providerSession }, { reason: 'ended_by_provider', at, isLate })
    await store.write(name, 'applied', Math.max(1, Math.ceil(usableUntil - now())))
    return ended
  }
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
