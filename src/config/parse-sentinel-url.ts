import type { SentinelAddress, SentinelConfig } from './sentinel-config.ts'
import type { Refusal } from './refusal.ts'

/** What a sentinel URL says: who to ask for which primary, and how to speak to it then. */
export interface SentinelUrl {
  /** The URL of the primary; `primary.invalid` (RFC 6761 §6.4: no such host) stands where its address will. */
  readonly url: string
  readonly sentinel: Omit<SentinelConfig, 'password'>
}

const WRITE = 'redis+sentinel://user:password@one.example.com:26379,two.example.com:26379/<name of the primary>/0'
const ADDRESS = /^([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/

/** `redis+sentinel://[user:password@]host:port[,host:port…]/<name>[/<database>]`; with `rediss` everybody is asked over TLS. */
export function parseSentinelUrl(text: string): SentinelUrl | Refusal {
  if (/[?#]/.test(text)) return { refused: 'has a query or a fragment; nothing reads it.', write: WRITE }
  const [scheme = '', rest = ''] = text.split(/\+sentinel:(?:\/\/)?/, 2)
  const [authority = '', name = '', database = '0', ...more] = rest.split('/')
  const at = authority.lastIndexOf('@')
  const user = authority.slice(0, at + 1)
  if (user.slice(0, -1).includes('@') || user.split(':').length > 2) {
    return { refused: 'has a user or password with an @ or : that is not encoded.', write: '%40 for an @, %3A for a :' }
  }
  const [first, ...others] = authority
    .slice(at + 1)
    .split(',')
    .map(parseAddress)
  if (!first || !others.every((address) => address !== undefined)) {
    return { refused: 'does not name each sentinel by its host and port.', write: WRITE }
  }
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return { refused: 'does not name the primary, as the sentinels call it.', write: WRITE }
  if (!/^\d+$/.test(database) || more.length > 0) {
    return { refused: 'has more behind the name than the number of a database.', write: WRITE }
  }
  return { url: `${scheme}://${user}primary.invalid/${database}`, sentinel: { addresses: [first, ...others], name } }
}

function parseAddress(text: string): SentinelAddress | undefined {
  const [, host = '', port = ''] = ADDRESS.exec(text) ?? []
  return Number(port) > 0 && Number(port) < 65_536 ? { host: host.replace(/^\[|\]$/g, ''), port: Number(port) } : undefined
}
