import type { RequestHandler } from 'express'
import type { Config } from '../config/config.ts'
import type { EndReason } from '../errors.ts'
import type { Report } from '../report/events.ts'
import { coarseNetwork } from '../security/coarse-network.ts'
import type { Peers } from '../security/peers.ts'
import type { ReadTicket } from '../security/read-ticket.ts'
import { createRecordCache } from '../store/record-cache.ts'
import { createSealer } from '../store/sealing.ts'
import type { Store } from '../store/port.ts'
import { type Background, createBackground } from './background.ts'
import { type BeginSession, createBeginSession } from './begin-session.ts'
import { createEndSession, type EndSession } from './end-session.ts'
import { createEndingReason } from './ending-reason.ts'
import { createExpressSession } from './express-session.ts'
import { expressSessionOfTicket } from './express-session-of-ticket.ts'
import { createFindSession, type FindSession } from './find-session.ts'
import { createGrantOf } from './grant-of.ts'
import { createSessionKeys, type SessionKeys } from './keys.ts'
import { createLateLogins, type LateLogins } from './late-logins.ts'
import { createLifetimes, type Lifetimes } from './lifetimes.ts'
import { createReadList, type ReadList } from './listed-sessions.ts'
import { createHoldGrant, type HoldGrant } from './hold-grant.ts'
import { createOpenSession, type OpenedSession } from './open-session.ts'
import { createLimitPerson } from './person-limit.ts'
import type { LiveSession, SessionId, Ticket } from './records.ts'
import { createRecordActivity, type RecordActivity } from './record-activity.ts'
import { createRenewedGrants, type RenewedGrants } from './renewed-grants.ts'
import { createReplaceGrant, type ReplaceGrant } from './replace-grant.ts'
import { createRecordSeals } from './seal-records.ts'
import { createStoredVersions, type StoredVersions } from './stored-versions.ts'

interface Parts {
  readonly config: Pick<Config, 'session' | 'secrets' | 'provider' | 'store' | 'baseUrl' | 'login'>
  readonly store: Store
  readonly namespace: string
  readonly cookieName: string
  readonly cookieKeys: readonly string[]
  readonly readTicket: ReadTicket
  readonly onEnded: (id: SessionId, reason: EndReason) => void
  readonly peers: Pick<Peers, 'accountableAddress'>
  readonly report: Report
  readonly now: () => number
}

/** Everything that can be done with sessions; their records are touched nowhere else. */
export interface Sessions {
  readonly find: FindSession
  /** The same, on the store's word of now, whatever is known here. */
  readonly findAnew: FindSession
  readonly begin: BeginSession
  readonly end: EndSession
  readonly readList: ReadList
  readonly lateLogins: LateLogins
  /** A session that is open in this process. */
  readonly held: (id: SessionId) => LiveSession | undefined
  readonly activity: RecordActivity
  readonly replaceGrant: ReplaceGrant
  readonly holdGrant: HoldGrant
  readonly renewed: RenewedGrants
  readonly storedVersions: StoredVersions
  readonly keys: SessionKeys
  readonly lifetimes: Lifetimes
  readonly express: RequestHandler
  /** The same for the callback: without the session of before, whose cookie may or may not have come along. */
  readonly expressAnew: RequestHandler
  readonly background: Background
}

export function createSessions({
  config,
  store,
  namespace,
  cookieName,
  cookieKeys,
  readTicket,
  peers,
  onEnded,
  report,
  now,
}: Parts): Sessions {
  const { secure } = config.baseUrl
  const background = createBackground(report)
  const keys = createSessionKeys(namespace)
  const seals = createRecordSeals(createSealer({ secrets: config.secrets, namespace }), keys)
  const lifetimes = createLifetimes(config.session)
  const renewed = createRenewedGrants({ most: config.session.mostCached, now })
  const openSession = createOpenSession({ store, keys, seals, lifetimes, renewed })
  const cache = createRecordCache<OpenedSession, Ticket>({
    load: (_, ticket) => openSession(ticket),
    store,
    idOfKey: keys.staleId,
    most: config.session.mostCached,
    outageGraceMilliseconds: config.store.kind === 'redis' ? config.store.outageGraceMilliseconds : 0,
    now,
  })
  const { forget } = cache
  const express = createExpressSession({ store, keys, seals, cookieName, cookieKeys, secure, now })
  const end = createEndSession({ store, keys, forget: forgetAll, onEnded, report })
  const lateLogins = createLateLogins({ store, keys, loginTimeoutMilliseconds: config.login.timeoutMilliseconds })
  const readList = createReadList({ store, keys, seals, lifetimes, now })
  const endingReason = createEndingReason(store, keys)
  const find = createFindSession({ cache, endingReason, endSession: end, store, keys, lifetimes, now })

  function held(id: SessionId): LiveSession | undefined {
    return cache.peek(id)?.session
  }

  function forgetAll(id: SessionId): void {
    forget(id)
    renewed.forget(id)
  }

  return {
    background,
    find,
    async findAnew(ticket) {
      await cache.reload(ticket.id, ticket)
      return find(ticket)
    },
    begin: createBeginSession({
      store,
      keys,
      seals,
      lifetimes,
      clientId: config.provider.clientId,
      grantOf: createGrantOf(config.provider.claims, config.session.rules),
      lateLogins,
      limitPerson: createLimitPerson({ config: config.session, store, readList, endSession: end, keys, report }),
      inBackground: background.run,
      secure,
      networkOf: (request) => coarseNetwork(peers.accountableAddress(request)),
      report,
      now,
    }),
    end,
    readList,
    lateLogins,
    held,
    activity: createRecordActivity({ cache, store, keys, lifetimes, now }),
    replaceGrant: createReplaceGrant(store, keys, seals, forget),
    holdGrant: createHoldGrant({ cache, renewed, lifetimes }),
    renewed,
    storedVersions: createStoredVersions(store, keys),
    keys,
    lifetimes,
    express: expressSessionOfTicket(express, readTicket, secure),
    expressAnew: expressSessionOfTicket(express, () => ({ kind: 'none' }), secure),
  }
}
