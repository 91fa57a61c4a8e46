import { createHash } from 'node:crypto'

const HASH_CHARACTERS = 16

/**
 * The prefix of every key, and an input of every key derivation, so that two apps can share a Redis and open nothing of each
 * other's. It depends on nothing that rotates, and holds no brace: the hash tag of a Redis Cluster stays the session's id.
 */
export function createNamespace({ baseUrl, clientId }: { readonly baseUrl: string; readonly clientId: string }): string {
  const named = JSON.stringify([new URL(baseUrl).origin, clientId])
  return `coatcheck:${createHash('sha256').update(named).digest('base64url').slice(0, HASH_CHARACTERS)}`
}
