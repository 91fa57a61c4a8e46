import type { Config } from '../config/config.ts'
import type { EndReason } from '../errors.ts'
import type { Report } from '../report/events.ts'
import { coarseNetwork } from '../security/coarse-network.ts'
import type { Peers } from '../security/peers.ts'
import type { ReadTicket } from '../security/read-ticket.ts'
import { outageGraceOf } from '../store/is-certain.ts'
import { createRecordCache } from '../store/record-cache.ts'
import { createSealer } from '../store/sealing.ts'
import type { Store } from '../store/port.ts'
import { createBackground } from './background.ts'
import { createBeginSession } from './begin-session.ts'
import { createEndSession } from './end-session.ts'
import { createEndingReason, createLeftReason } from './ending-reason.ts'
import { createExpressSession } from './express-session.ts'
import { expressSessionOfTicket } from './express-session-of-ticket.ts'
import { createFindSession } from './find-session.ts'
import { createGrantOf } from './grant-of.ts'
import { createSessionKeys } from './keys.ts'
import { createLateLogins } from './late-logins.ts'
import { createLifetimes } from './lifetimes.ts'
import { createReadList, createReadListed } from './listed-sessions.ts'
import { hearEndings } from './hear-endings.ts'
import { createHoldGrant } from './hold-grant.ts'
import { createOpenSession, type OpenedSession } from './open-session.ts'
import { createLimitPerson } from './person-limit.ts'
import { createRecentEndings } from './recent-endings.ts'
import type { SessionId, Ticket } from './records.ts'
import { createRecordActivity } from './record-activity.ts'
import { createRenewedGrants } from './renewed-grants.ts'
import { createReplaceGrant } from './replace-grant.ts'
import { createRetireSession } from './retire-session.ts'
import { createRecordSeals } from './seal-records.ts'
import { restoreEndings } from './restore-endings.ts'
import type { Sessions } from './sessions.ts'
import { createStandingSession } from './standing-session.ts'
import { createStoredVersions } from './stored-versions.ts'

interface Parts {
  readonly config: Pick<Config, 'session' | 'secrets' | 'provider' | 'store' | 'baseUrl' | 'login'>
  readonly store: Store
  readonly namespace: string
  readonly cookieName: string
  readonly cookieKeys: readonly string[]
  readonly readTicket: ReadTicket
  readonly onEnded: (id: SessionId, reason: EndReason) => void
  /** A session may have ended, and nobody could be asked. */
  readonly onUnknown: (id: SessionId) => void
  readonly peers: Pick<Peers, 'accountableAddress'>
  readonly report: Report
  readonly now: () => number
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
  onUnknown,
  report,
  now,
}: Parts): Sessions {
  const { secure } = config.baseUrl
  const background = createBackground(report)
  const keys = createSessionKeys(namespace)
  const seals = createRecordSeals(createSealer({ secrets: config.secrets, namespace }), keys)
  const lifetimes = createLifetimes(config.session)
  const endings = createRecentEndings(now)
  const renewed = createRenewedGrants({ most: config.session.mostCached, now })
  const openSession = createOpenSession({ store, keys, seals, lifetimes, renewed, endings })
  const cache = createRecordCache<OpenedSession, Ticket>({
    load: (_, ticket) => openSession(ticket),
    store,
    idOfKey: keys.staleId,
    most: config.session.mostCached,
    outageGraceMilliseconds: outageGraceOf(config.store),
    now,
  })
  const { forget } = cache
  const express = createExpressSession({ store, keys, seals, cookieName, cookieKeys, secure, now })
  const end = createEndSession({ store, keys, forget: forgetAll, onEnded: ended, report })
  const lateLogins = createLateLogins({ store, keys, loginTimeoutMilliseconds: config.login.timeoutMilliseconds })
  const readListed = createReadListed({ store, keys, seals, lifetimes, now })
  const readList = createReadList(store, readListed)
  const leftReason = createLeftReason(store, keys)
  const endingReason = createEndingReason(leftReason, endings)
  const find = createFindSession({ cache, endingReason, endSession: end, store, keys, lifetimes, now })

  function forgetAll(id: SessionId): void {
    forget(id)
    renewed.forget(id)
  }

  function ended(id: SessionId, reason: EndReason): void {
    endings.remember(id, reason)
    onEnded(id, reason)
  }

  hearEndings({ store, keys, leftReason, onEnded: ended, onUnknown, inBackground: background.run })
  const restored = restoreEndings({ store, keys, endings, readListed, endSession: end, inBackground: background.run })

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
    retire: createRetireSession({ store, keys, forget, endSession: end, report, now }),
    standing: createStandingSession(store, keys),
    readList,
    endings,
    lateLogins,
    held: (id) => cache.peek(id)?.session,
    activity: createRecordActivity({ cache, store, keys, lifetimes, now }),
    replaceGrant: createReplaceGrant(store, keys, seals, forget),
    holdGrant: createHoldGrant({ cache, renewed, lifetimes }),
    renewed,
    storedVersions: createStoredVersions(store, keys),
    keys,
    lifetimes,
    stop: restored.stop,
    express: expressSessionOfTicket(express, readTicket, secure),
    expressAnew: expressSessionOfTicket(express, () => ({ kind: 'none' }), secure),
  }
}
