import { createHash } from 'node:crypto'
import type { SessionId } from './records.ts'

/** The names of a session's records; all carry its id as a hash tag, so that they share a slot of a Redis Cluster. */
export interface SessionKeys {
  readonly session: (id: SessionId) => string
  readonly grant: (id: SessionId) => string
  readonly seen: (id: SessionId) => string
  readonly about: (id: SessionId) => string
  readonly lease: (id: SessionId) => string
  readonly ended: (id: SessionId) => string
  /** The session whose place this one has just taken: while that is on its way out, the two end together. */
  readonly before: (id: SessionId) => string
  /** The sessions of a person: an identity is the pair of issuer and subject (OpenID Connect Core §5.7). */
  readonly user: (issuer: string, subject: string) => string
  /** The sessions that belong to one session at the provider. */
  readonly providerSession: (issuer: string, sid: string) => string
  /** The order in which the sessions of a person began, where there may be so many only. */
  readonly userLine: (issuer: string, subject: string) => string
  /** When all sessions of a person, or of a session at the provider, were last ended: what logins that come late are held against. */
  readonly userEnded: (issuer: string, subject: string) => string
  readonly providerSessionEnded: (issuer: string, sid: string) => string
  /** The id in a key whose change makes an opened session stale; undefined for all others. */
  readonly staleId: (key: string) => SessionId | undefined
  /** The id in a key whose change says that somebody was seen, or that an ending was left; undefined for all others. */
  readonly seenId: (key: string) => SessionId | undefined
  readonly endedId: (key: string) => SessionId | undefined
}

const STALE_MAKING = /\{([A-Za-z0-9_-]{43})\}:(?:session|grant|ended)$/
const SEEN = /\{([A-Za-z0-9_-]{43})\}:seen$/
const ENDED = /\{([A-Za-z0-9_-]{43})\}:ended$/

export function createSessionKeys(namespace: string): SessionKeys {
  const ofSession = (kind: string) => (id: SessionId) => `${namespace}:{${id}}:${kind}`
  return {
    session: ofSession('session'),
    grant: ofSession('grant'),
    seen: ofSession('seen'),
    about: ofSession('about'),
    lease: ofSession('lease'),
    ended: ofSession('ended'),
    before: ofSession('before'),
    user: (issuer, subject) => `${namespace}:user:${hash(issuer, subject)}`,
    providerSession: (issuer, sid) => `${namespace}:idp:${hash(issuer, sid)}`,
    userLine: (issuer, subject) => `${namespace}:user:${hash(issuer, subject)}:line`,
    userEnded: (issuer, subject) => `${namespace}:user:${hash(issuer, subject)}:ended`,
    providerSessionEnded: (issuer, sid) => `${namespace}:idp:${hash(issuer, sid)}:ended`,
    staleId: (key) => idIn(key, STALE_MAKING),
    seenId: (key) => idIn(key, SEEN),
    endedId: (key) => idIn(key, ENDED),
  }
}

function idIn(key: string, shape: RegExp): SessionId | undefined {
  return shape.exec(key)?.[1] as SessionId | undefined
}

/** No secret enters here, so that the names outlive every rotation of keys. */
function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
