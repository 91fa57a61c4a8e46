import { hkdfSync } from 'node:crypto'
import type { Secret } from '../config/secret.ts'

/**
 * The keys that sign session cookies, newest first: one per server secret, for this purpose and this deployment alone (RFC 5869),
 * so that a cookie of another application never verifies here, even where the secrets are the same.
 */
export function deriveCookieKeys(secrets: readonly Secret[], namespace: string): string[] {
  return secrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', secret.reveal(), namespace, 'coatcheck session cookie signature', 32)).toString('base64url'),
  )
}
