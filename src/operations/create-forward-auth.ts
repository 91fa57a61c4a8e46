import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import type { AnswerError } from '../pages/answer-error.ts'
import { type AdmitSteps, createAdmit } from '../proxy/admit.ts'
import type { MatchRoute } from '../proxy/match-route.ts'
import type { ReportRequest } from '../report/request-line.ts'
import { createPeers } from '../security/peers.ts'
import { createRefuseForeignTarget } from '../security/refuse-foreign-target.ts'
import { type Authorize, createAuthorize } from './authorize.ts'
import { createIdentityHeadersOf } from './identity-headers.ts'

interface Parts {
  readonly config: Pick<Config, 'baseUrl' | 'forwardAuth'>
  /** The carrying lane's routes, and its steps. */
  readonly match: MatchRoute
  readonly steps: AdmitSteps
  readonly answerProblem: AnswerError
  readonly requestIdOf: (request: IncomingMessage) => string
  readonly reportRequest: ReportRequest
  readonly now: () => number
}

/** Forward-auth by the carrying lane's own steps; undefined where nobody is configured to ask. */
export function createForwardAuth({ config, match, steps, ...rest }: Parts): Authorize | undefined {
  const { peers, identityHeaders } = config.forwardAuth
  if (peers.length === 0) return undefined
  return createAuthorize({
    ...rest,
    isPeer: createPeers(peers, nothing).isTrusted,
    match,
    admit: createAdmit(steps),
    // Who may ask is believed about the scheme too.
    refuseForeignTarget: createRefuseForeignTarget({ ...config.baseUrl, isTrustedPeer: () => true }),
    identityHeadersOf: createIdentityHeadersOf(identityHeaders),
  })
}

function nothing(): void {}
