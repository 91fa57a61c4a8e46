import type { Request, Response } from 'express'
import { asGatewayError } from '../errors.ts'
import type { SessionConfig } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import { continuePage } from '../pages/continue-page.ts'
import type { SendPage } from '../pages/send-page.ts'
import type { Report } from '../report/events.ts'
import { initiatorOf } from '../security/fetch-metadata.ts'
import type { Limit } from '../security/limits.ts'
import type { ReadTicket } from '../security/read-ticket.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import { requireNavigation } from '../security/require-navigation.ts'
import { HOME, parseReturnTo, type ReturnTo } from '../security/return-to.ts'
import type { FindSession } from '../session/find-session.ts'
import type { RememberedSession } from '../session/predecessor.ts'
import type { Ticket, Verdict } from '../session/records.ts'
import type { LoginBindings } from './login-binding.ts'
import { parseLoginParameters } from './login-parameters.ts'
import { type LoginTransactions, makeLoginSecrets } from './login-transactions.ts'
import { queryOf } from './parameters.ts'
import { isRemembered } from './remember.ts'

interface Steps {
  readonly origin: string
  readonly prefix: string
  readonly issuer: string
  readonly provider: Pick<Provider, 'authorizationUrl'>
  readonly transactions: LoginTransactions
  readonly bindings: LoginBindings
  readonly addressLimit: Limit
  readonly browserLimit: Limit
  readonly accountableAddress: (request: Request) => string | undefined
  readonly readTicket: ReadTicket
  readonly findSession: FindSession
  readonly rememberMe: SessionConfig['rememberMe']
  readonly sendPage: SendPage
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

/** Starts a login: secrets and target are kept here, bound to this browser, and the browser goes to the provider. */
export function createLogin(steps: Steps) {
  const {
    origin,
    prefix,
    issuer,
    provider,
    transactions,
    bindings,
    addressLimit,
    browserLimit,
    accountableAddress,
    sendPage,
    report,
  } = steps

  return async function login(request: Request, response: Response): Promise<void> {
    requireNavigation(request)
    const query = queryOf(request)
    const returnTo = returnToOf(request, query)
    // Another site may link here, but a login begins only where the person asked this site for it (OWASP ASVS 7.6.2).
    if (!['same-origin', 'none', 'unsaid'].includes(initiatorOf(request)))
      return sendPage(request, response, continuePage(prefix, returnTo))

    const parameters = parseLoginParameters(query)
    const remembered = isRemembered(query, steps.rememberMe)
    const spentByAddress = await addressLimit.spend(accountableAddress(request))
    const binding = bindings.make(request)
    const spent = [spentByAddress, await browserLimit.spend(binding.browser)]
    const { state, nonce, codeVerifier, codeChallenge } = makeLoginSecrets()
    const startedAt = steps.now()
    const url = await provider.authorizationUrl({ state, nonce, codeChallenge, ...parameters })
    const replaces = await rememberedSession(request)
    const { acrValues, maxAgeSeconds } = parameters
    const secrets = { state, nonce, codeVerifier, acrValues, maxAgeSeconds }
    const transaction = { issuer, ...secrets, returnTo, startedAt, replaces, isRemembered: remembered, spent }
    await transactions.open(transaction, binding)
    bindings.set(request, response, state, binding)
    report('login_started', { requestId: steps.requestIdOf(request), provider: issuer })
    response.status(303).set('Location', url.href).end()
  }

  function returnToOf(request: Request, query: URLSearchParams): ReturnTo {
    const asked = query.getAll('returnTo')
    if (asked.length === 0) return HOME
    const returnTo = asked.length === 1 ? parseReturnTo(asked[0], origin, prefix) : undefined
    if (returnTo === undefined) report('return_target_refused', { requestId: steps.requestIdOf(request) })
    return returnTo ?? HOME
  }

  async function rememberedSession(request: Request): Promise<RememberedSession | undefined> {
    const reading = steps.readTicket(request.headers.cookie)
    if (reading.kind !== 'ticket') return undefined
    const verdict = await find(reading.ticket)
    if (verdict?.kind !== 'live') return undefined
    const { ticket, successor } = verdict.session
    const { issuer, subject, providerSession, createdAt, absoluteExpiresAt, isRemembered = false } = verdict.session.record
    const record = { issuer, subject, providerSession }
    // One on its way out stands for the other that has taken its place, of which it knows no more.
    if (successor !== undefined) return { ticket: { id: successor }, record, inherited: undefined }
    return { ticket: { id: ticket.id }, record, inherited: { createdAt, absoluteExpiresAt, isRemembered } }
  }

  /** A session that this server cannot open keeps nobody from signing in: without a new one there would be no way on. */
  async function find(ticket: Ticket): Promise<Verdict | undefined> {
    try {
      return await steps.findSession(ticket)
    } catch (error) {
      if (asGatewayError(error).code === 'record_unreadable') return undefined
      throw error
    }
  }
}
