import type { Refusal } from './refusal.ts'
import { Secret } from './secret.ts'

export type StoreUrl = { readonly kind: 'memory' } | { readonly kind: 'redis'; readonly url: Secret }

const WRITE = 'memory: | redis://localhost:6379 | rediss://redis.example.com:6380 | unix:///run/redis/redis.sock'

/** Where records live: `memory:`, or a Redis by TCP, TLS or Unix socket; kept as a secret, since it may hold a password. */
export function parseStoreUrl(text: string): StoreUrl | Refusal {
  if (text === 'memory:') return { kind: 'memory' }
  if (/[\s\p{Cc}]/u.test(text)) return { refused: 'holds white space or a control character.', write: WRITE }
  const [, scheme] = /^(redis|rediss|unix):\/\//.exec(text) ?? []
  if (scheme === undefined || !URL.canParse(text)) return { refused: 'is not the address of a store.', write: WRITE }
  const url = new URL(text)
  if (url.search !== '' || url.hash !== '') return { refused: 'has a query or a fragment; nothing reads it.', write: WRITE }
  if (scheme === 'unix') {
    if (url.host !== '' || url.pathname.length < 2)
      return { refused: 'does not name a socket by its whole path.', write: 'unix:///run/redis/redis.sock' }
    return { kind: 'redis', url: new Secret(text) }
  }
  if (!/^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9a-f:.]+\])$/.test(url.hostname))
    return { refused: 'does not name one host.', write: WRITE }
  if (!/^\/?\d*$/.test(url.pathname))
    return { refused: 'has a path that is no number of a database.', write: 'redis://localhost:6379/0' }
  return { kind: 'redis', url: new Secret(text) }
}
