import { parseSentinelUrl } from './parse-sentinel-url.ts'
import type { SentinelUrl } from './parse-sentinel-url.ts'
import type { Refusal } from './refusal.ts'
import { Secret } from './secret.ts'

export type StoreUrl =
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'redis'
      /** `redis://`, `rediss://` or `unix://`; where sentinels name the host, another stands in its place. */
      readonly url: Secret
      readonly holdsPassword: boolean
      readonly sentinel: SentinelUrl['sentinel'] | undefined
    }

const WRITE =
  'memory: | redis://localhost:6379 | rediss://redis.example.com:6380 | unix:///run/redis/redis.sock | redis+sentinel://host:26379/<name>'

/** Where records live: `memory:`, or a Redis by TCP, TLS, Unix socket or sentinels; kept as a secret, since it may hold a password. */
export function parseStoreUrl(text: string): StoreUrl | Refusal {
  if (text === 'memory:') return { kind: 'memory' }
  if (/[\s\p{Cc}]/u.test(text)) return { refused: 'holds white space or a control character.', write: WRITE }
  if (!isDecodable(text)) return { refused: 'has a % that begins no encoded character.', write: '%25 for the % of a password' }
  if (/^rediss?\+sentinel:/.test(text)) {
    const outcome = parseSentinelUrl(text)
    return 'refused' in outcome ? outcome : redisAt(outcome.url, outcome.sentinel)
  }
  const refusal = text.startsWith('unix:') ? refuseSocket(text) : refuseAddress(text)
  return refusal ?? redisAt(text, undefined)
}

function redisAt(url: string, sentinel: SentinelUrl['sentinel'] | undefined): StoreUrl {
  return { kind: 'redis', url: new Secret(url), holdsPassword: /^\w+:\/\/[^/]*:[^/]+@/.test(url), sentinel }
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
