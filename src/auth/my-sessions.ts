import type { Request, Response } from 'express'
import { GatewayError } from '../errors.ts'
import type { RefuseForgedRequest } from '../security/refuse-forged-request.ts'
import type { EndSession } from '../session/end-session.ts'
import type { EndListed } from '../session/end-listed.ts'
import type { EndWithoutCookie } from '../session/end-without-cookie.ts'
import { sessionCookieAttributes } from '../session/express-session.ts'
import type { SessionKeys } from '../session/keys.ts'
import type { ReadList } from '../session/listed-sessions.ts'
import type { LiveSession, SessionId } from '../session/records.ts'
import { type OpenListed, openOnes, showListed } from '../session/show-listed.ts'
import type { StandingSession } from '../session/standing-session.ts'
import { queryOf } from './parameters.ts'
import { requireLevel } from '../proxy/require-level.ts'
import type { MeetsLevel } from '../session/authentication-level.ts'
import { requireLive, type SessionOf } from './require-session.ts'
import type { RevokeTokens } from './revoke-tokens.ts'

interface Steps {
  readonly refuseForgedRequest: RefuseForgedRequest
  readonly sessionOf: SessionOf
  readonly readList: ReadList
  readonly standingSession: StandingSession
  readonly endSession: EndSession
  readonly endWithoutCookie: EndWithoutCookie
  readonly endListed: EndListed
  readonly revokeTokens: RevokeTokens
  readonly keys: Pick<SessionKeys, 'user'>
  readonly meetsLevel: MeetsLevel
  /** How long ago who ends other sessions than this one may have signed in; undefined: whenever. */
  readonly endOthersMaxAgeMilliseconds: number | undefined
  readonly cookieName: string
  readonly secure: boolean
  readonly now: () => number
}

/** A person's own sessions: what they are, and ways to end them. Nobody sees or ends another's. */
export function createMySessions(steps: Steps) {
  const { refuseForgedRequest, sessionOf, readList, endSession, endWithoutCookie, endListed, revokeTokens, keys, now } = steps

  return { list, endOne, endOthers }

  /** Shows all of them; asking extends nothing. */
  async function list(request: Request, response: Response): Promise<void> {
    const mine = await requireMine(request)
    const current = await standing(mine)
    const sessions = (await openOf(mine)).map((listed) => ({ ...showListed(listed), current: listed.id === current }))
    response.json({ sessions })
  }

  /** Ends the one that a handle names; another person's is as unknown as one that never was. */
  async function endOne(request: Request, response: Response): Promise<void> {
    const mine = await requireMine(request)
    const asked = (await openOf(mine)).find(({ about }) => about.handle === request.params['handle'])
    if (!asked) throw new GatewayError('not_found', { note: 'no session of this person has that handle' })
    if (asked.id === (await standing(mine))) await endMine(response, mine)
    else await endOther(mine, asked)
    response.status(204).end()
  }

  /** Ends all others, and with `all=true` this one too. */
  async function endOthers(request: Request, response: Response): Promise<void> {
    const mine = await requireMine(request)
    const all = queryOf(request).getAll('all')
    if (all.length > 1 || (all.length === 1 && all[0] !== 'true'))
      throw new GatewayError('request_invalid', { note: 'all is true, or is left out' })
    requireLevelToEnd(mine)
    const { issuer, subject } = mine.record
    const others = await endListed({ issuer, subject }, { reason: 'revoked', at: now(), except: await standing(mine) })
    if (all.length === 1) await endMine(response, mine)
    response.json({ ended: others + all.length })
  }

  async function endOther(mine: LiveSession, { about, ...ticket }: OpenListed): Promise<void> {
    requireLevelToEnd(mine)
    await endWithoutCookie({ ticket, record: about }, 'revoked')
  }

  /** OWASP ASVS 7.5.2, where it is wanted: somebody who finds a stranger's session on the list may not care to meet an obstacle. */
  function requireLevelToEnd(mine: LiveSession): void {
    const milliseconds = steps.endOthersMaxAgeMilliseconds
    if (milliseconds !== undefined)
      requireLevel(mine, { level: { acr: [], maxAgeSeconds: milliseconds / 1_000 } }, steps.meetsLevel)
  }

  async function requireMine(request: Request): Promise<LiveSession> {
    refuseForgedRequest(request, 'header')
    return requireLive(await sessionOf(request))
  }

  /** The session that lists know: one on its way out stands for the other that has taken its place. */
  async function standing({ ticket, successor }: LiveSession): Promise<SessionId> {
    return successor === undefined ? ticket.id : steps.standingSession(successor)
  }

  async function openOf({ record: { issuer, subject } }: LiveSession) {
    return openOnes(await readList(keys.user(issuer, subject)))
  }

  async function endMine(response: Response, mine: LiveSession): Promise<void> {
    await endSession(mine, 'signed_out')
    response.clearCookie(steps.cookieName, sessionCookieAttributes(steps.secure))
    revokeTokens(mine)
  }
}
