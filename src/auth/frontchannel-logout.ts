import type { Request, Response } from 'express'
import { GatewayError } from '../errors.ts'
import type { Report } from '../report/events.ts'
import type { FailureLimit } from '../security/failure-limit.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import type { EndListed } from '../session/end-listed.ts'
import { queryOf, refuseDuplicates, valueOf } from './parameters.ts'

/** 96 bits in base64: a shorter `sid` could be guessed, and guessing would sign people out. */
const LEAST_SID_CHARACTERS = 16

interface Steps {
  /** Exactly as configured. */
  readonly issuer: string
  readonly endListed: EndListed
  readonly failureLimit: FailureLimit
  readonly accountableAddress: (request: Request) => string | undefined
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

/**
 * A frame of the provider's says that one of its sessions has ended (OpenID Connect Front-Channel Logout 1.0 §2). Our Strict cookie is
 * not there in such a frame, so only `iss` and `sid` decide; who does not know a `sid` ends nothing, and is not told whether there was one.
 *
 * No note is left for logins that are under way: strangers would fill the store with them.
 */
export function createFrontchannelLogout(steps: Steps) {
  const { issuer, endListed, failureLimit, accountableAddress, requestIdOf, report, now } = steps
  const framer = new URL(issuer).origin

  return async function frontchannelLogout(request: Request, response: Response): Promise<void> {
    const address = accountableAddress(request)
    failureLimit.refuse(address)
    requireFrame(request)
    const query = queryOf(request)
    refuseDuplicates(query)
    const providerSession = valueOf(query, 'sid')
    const isAsked = valueOf(query, 'iss') === issuer && (providerSession?.length ?? 0) >= LEAST_SID_CHARACTERS
    const ended = isAsked
      ? await endListed({ issuer, providerSession }, { reason: 'ended_by_provider', at: now(), lateLogins: false })
      : 0

    if (ended === 0) failureLimit.count(address)
    const known = ended > 0 && providerSession !== undefined ? { providerSession, ended } : {}
    report('frontchannel_logout', { requestId: requestIdOf(request), outcome: ended > 0 ? 'ended' : 'nothing', ...known })
    allowFrameOf(response, framer)
    response.status(200).type('html').send('<!doctype html><title>Signed out</title>')
  }
}

/** An image, a script or a page of its own is nothing that a provider would make of this address. */
function requireFrame(request: Request): void {
  const destination = request.get('sec-fetch-dest')
  if (destination !== undefined && destination !== 'iframe' && destination !== 'frame')
    throw new GatewayError('request_forged', { note: 'no frame' })
}

/** The one answer of ours that somebody else may frame; it shows nothing and runs nothing. */
function allowFrameOf(response: Response, framer: string): void {
  response.set('Content-Security-Policy', `default-src 'none'; frame-ancestors ${framer}`)
  response.removeHeader('X-Frame-Options')
  // For a framing page with `Cross-Origin-Embedder-Policy: require-corp`.
  response.set('Cross-Origin-Resource-Policy', 'cross-origin')
}
