import { createHmac } from 'node:crypto'
import type { Secret } from '../config/secret.ts'

const SALT = 'coatcheck records'
const KEY_ID_BYTES = 6

/** The keys of one purpose: for records that the server key opens alone, and for those that need a second secret. */
export interface SealingKey {
  readonly alone: Buffer
  readonly withSecret: Buffer
}

/** All that is derived from one server key. */
export interface SealingKeys {
  /** Names the server key in what it sealed; tells nothing of it. */
  readonly id: string
  /** Derived at first use and kept: purposes are constants of the code, so there are few. */
  readonly of: (purpose: string) => SealingKey
}

/** HKDF-SHA256 (RFC 5869) with one output block: every key has its own purpose, namespace and format. */
export function createSealingKeys(secret: Secret, format: string, namespace: string): SealingKeys {
  const extracted = hmac(SALT, secret.reveal())
  const expand = (...info: readonly string[]) => hmac(extracted, `${info.join('\0')}\u0001`)
  const derived = new Map<string, SealingKey>()

  return {
    id: expand('key id').subarray(0, KEY_ID_BYTES).toString('base64url'),
    of(purpose) {
      const known = derived.get(purpose)
      if (known) return known
      const key = {
        alone: expand('alone', format, namespace, purpose),
        withSecret: expand('with secret', format, namespace, purpose),
      }
      derived.set(purpose, key)
      return key
    },
  }
}

function hmac(key: string | Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest()
}
