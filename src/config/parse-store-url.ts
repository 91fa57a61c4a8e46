import type { Refusal } from './refusal.ts'
import { Secret } from './secret.ts'

export type StoreUrl = { readonly kind: 'memory' } | { readonly kind: 'redis'; readonly url: Secret }

const WRITE = 'memory: | redis://localhost:6379 | rediss://redis.example.com:6380 | unix:///run/redis/redis.sock'

/** Where records live: `memory:`, or a Redis by TCP, TLS or Unix socket; kept as a secret, since it may hold a password. */
export function parseStoreUrl(text: string): StoreUrl | Refusal {
  if (text === 'memory:') return { kind: 'memory' }
  if (/[\s\p{Cc}]/u.test(text)) return { refused: 'holds white space or a control character.', write: WRITE }
  if (!isDecodable(text)) return { refused: 'has a % that begins no encoded character.', write: '%25 for the % of a password' }
  const refusal = text.startsWith('unix:') ? refuseSocket(text) : refuseAddress(text)
  return refusal ?? { kind: 'redis', url: new Secret(text) }
}

function refuseSocket(text: string): Refusal | undefined {
  if (/^unix:\/\/(?:[^:@/]*(?::[^@/]*)?@)?\/[^?#]+(?:\?db=\d+)?$/.test(text)) return undefined
  return { refused: 'does not name a socket by its whole path.', write: 'unix:///run/redis/redis.sock' }
}

function refuseAddress(text: string): Refusal | undefined {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return { refused: 'is not the address of a store.', write: WRITE }
  const { search, hash, hostname, pathname } = new URL(text)
  if (search !== '' || hash !== '') return { refused: 'has a query or a fragment; nothing reads it.', write: WRITE }
  if (!/^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9a-f:.]+\])$/.test(hostname)) {
    return { refused: 'does not name one host.', write: WRITE }
  }
  if (/^\/?\d*$/.test(pathname)) return undefined
  return { refused: 'has a path that is no number of a database.', write: 'redis://localhost:6379/0' }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
