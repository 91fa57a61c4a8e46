import { GatewayError } from '../errors.ts'
import type { Sealer } from '../store/sealing.ts'
import type { SessionKeys } from './keys.ts'
import type { GrantRecord, SessionId, Ticket } from './records.ts'

/** What `about` holds: who and where, for lists and endings without the cookie; no token, no claim but the subject. */
export interface AboutRecord {
  /** The session's random public name. */
  readonly handle: string
  readonly issuer: string
  readonly subject: string
  readonly providerSession: string | undefined
  readonly createdAt: number
  /** When the login began that made it: an ending of before does not mean this session, one of after does. */
  readonly loginStartedAt: number
  readonly userAgent: string
  /** The network that the login came from, coarsened; undefined where it was not known. */
  readonly network: string | undefined
}

/** Turns records into what is stored and back. Opening throws `record_unreadable` where a record is not ours to open. */
export interface RecordSeals {
  readonly sealSession: (ticket: Ticket, json: string) => string
  readonly openSession: (ticket: Ticket, sealed: string) => string
  /** `<version>:<sealed>`: the version is readable for compare-and-set, and bound to the content. */
  readonly sealGrant: (ticket: Ticket, grant: GrantRecord) => string
  readonly openGrant: (ticket: Ticket, stored: string) => GrantRecord
  readonly sealAbout: (id: SessionId, about: AboutRecord) => string
  readonly openAbout: (id: SessionId, sealed: string) => AboutRecord
}

export function createRecordSeals(sealer: Sealer, keys: SessionKeys): RecordSeals {
  const open = (purpose: string, name: string, sealed: string, secret?: string) => {
    const opened = sealer.open(purpose, name, sealed, secret)
    if (opened.kind === 'opened') return opened.plaintext
    throw new GatewayError('record_unreadable', { note: `${purpose}: ${opened.kind}` })
  }
  const grantName = (ticket: Ticket, version: number) => `${keys.grant(ticket.id)}#${version}`

  return {
    sealSession: (ticket, json) => sealer.seal('session', keys.session(ticket.id), json, ticket.secret),
    openSession: (ticket, sealed) => open('session', keys.session(ticket.id), sealed, ticket.secret),
    sealGrant: (ticket, grant) =>
      `${grant.version}:${sealer.seal('grant', grantName(ticket, grant.version), JSON.stringify(grant), ticket.secret)}`,
    openGrant(ticket, stored) {
      const colon = stored.indexOf(':')
      const version = Number(stored.slice(0, colon))
      return Object.freeze(JSON.parse(open('grant', grantName(ticket, version), stored.slice(colon + 1), ticket.secret)))
    },
    sealAbout: (id, about) => sealer.seal('about', keys.about(id), JSON.stringify(about)),
    openAbout(id, sealed) {
      const opened = JSON.parse(open('about', keys.about(id), sealed)) as Omit<AboutRecord, 'loginStartedAt'>
      return Object.freeze({ loginStartedAt: opened.createdAt, ...opened })
    },
  }
}
