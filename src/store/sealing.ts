import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { Secret } from '../config/secret.ts'
import { createSealingKeys } from './sealing-keys.ts'
import type { SealingKey } from './sealing-keys.ts'

const FORMAT = '1'
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEALED = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)$/

/** What became of a sealed record. `unknown_key`: another key or a newer format sealed it; `damaged`: changed, moved, or not for this secret. */
export type Opened =
  | { readonly kind: 'opened'; readonly plaintext: string }
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'damaged' }

/**
 * Closes records with AES-256-GCM (NIST SP 800-38D) so that a copy of the store opens nothing.
 *
 * `purpose` is a constant of the code, `recordName` the record's name in the store; what was sealed for one purpose or name
 * opens for no other. With an `extraSecret` (of at least 128 random bits, held by the browser alone) the server keys do not suffice either.
 */
export interface Sealer {
  /** `<format>.<key id>.<base64url(nonce | ciphertext | tag)>`, under the first server key. */
  seal(purpose: string, recordName: string, plaintext: string, extraSecret?: string): string
  /** Opens what any of the server keys sealed. */
  open(purpose: string, recordName: string, sealed: string, extraSecret?: string): Opened
}

export function createSealer({
  secrets,
  namespace,
}: {
  /** Server keys: the first seals, all open. */
  readonly secrets: readonly [Secret, ...Secret[]]
  readonly namespace: string
}): Sealer {
  const [first, ...older] = secrets
  const sealing = createSealingKeys(first, FORMAT, namespace)
  const byId = new Map(
    [sealing, ...older.map((secret) => createSealingKeys(secret, FORMAT, namespace))].map((keys) => [keys.id, keys]),
  )

  return {
    seal(purpose, recordName, plaintext, extraSecret) {
      const nonce = randomBytes(NONCE_BYTES)
      const key = recordKey(sealing.of(purpose), extraSecret)
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(boundTo(purpose, recordName))
      const ciphertext = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${FORMAT}.${sealing.id}.${ciphertext.toString('base64url')}`
    },

    open(purpose, recordName, sealed, extraSecret) {
      const [, format, keyId = '', content = ''] = SEALED.exec(sealed) ?? []
      if (format === undefined) return { kind: 'damaged' }
      const keys = format === FORMAT ? byId.get(keyId) : undefined
      if (!keys) return { kind: 'unknown_key' }
      const plaintext = decipher(recordKey(keys.of(purpose), extraSecret), boundTo(purpose, recordName), content)
      return plaintext === undefined ? { kind: 'damaged' } : { kind: 'opened', plaintext }
    },
  }
}

/** The extra secret is the input of an HKDF-Extract (RFC 5869 §2.2) whose salt is the purpose's key: one HMAC a record. */
function recordKey(key: SealingKey, extraSecret: string | undefined): Buffer {
  return extraSecret === undefined ? key.alone : createHmac('sha256', key.withSecret).update(extraSecret).digest()
}

/** No part but the last can hold a NUL that an attacker chose, so no two inputs read the same. */
function boundTo(purpose: string, recordName: string): Buffer {
  return Buffer.from(`${FORMAT}\0${purpose}\0${recordName}`)
}

function decipher(key: Buffer, additional: Buffer, content: string): string | undefined {
  const bytes = Buffer.from(content, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const opening = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  opening.setAAD(additional)
  opening.setAuthTag(bytes.subarray(-TAG_BYTES))
  const plaintext = opening.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8')
  try {
    return plaintext + opening.final('utf8')
  } catch {
    // The tag did not verify (SP 800-38D §7.2): what was deciphered so far is thrown away with it.
    return undefined
  }
}
