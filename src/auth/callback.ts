import type { Request, Response } from 'express'
import { asGatewayError, type FailureCode, GatewayError } from '../errors.ts'
import type { Provider, TokenSet } from '../oidc/port.ts'
import { noteOf } from '../report/describe-error.ts'
import type { LoginOutcome, Report } from '../report/events.ts'
import type { Limit } from '../security/limits.ts'
import type { RequestIdOf } from '../security/request-id.ts'
import { requireNavigation } from '../security/require-navigation.ts'
import { HOME, type ReturnTo } from '../security/return-to.ts'
import type { BeginSession } from '../session/begin-session.ts'
import type { EndSession } from '../session/end-session.ts'
import { type Predecessor, predecessorOf, type RememberedSession } from '../session/predecessor.ts'
import type { LiveSession } from '../session/records.ts'
import type { RetireSession } from '../session/retire-session.ts'
import { sessionName } from '../session/session-name.ts'
import type { StandingSession } from '../session/standing-session.ts'
import type { LoginBindings } from './login-binding.ts'
import type { LoginTransaction, LoginTransactions } from './login-transactions.ts'
import { queryOf, refuseDuplicates, valueOf } from './parameters.ts'
import { isStepUp, refuseLowerLevel } from './refuse-lower-level.ts'
import type { RevokeTokens } from './revoke-tokens.ts'

interface Steps {
  readonly provider: Pick<Provider, 'redeemCode'>
  readonly transactions: LoginTransactions
  readonly bindings: LoginBindings
  readonly beginSession: BeginSession
  readonly endSession: EndSession
  readonly retireSession: RetireSession
  readonly standingSession: StandingSession
  readonly revokeTokens: RevokeTokens
  readonly addressLimit: Limit
  readonly browserLimit: Limit
  readonly accountableAddress: (request: Request) => string | undefined
  /** Where the browser is sent for a place in the application. */
  readonly landing: (returnTo: ReturnTo) => string
  readonly requestIdOf: RequestIdOf
  readonly report: Report
  readonly now: () => number
}

/** A new session, and the one that stood in the same browser until then. */
interface Begun {
  readonly session: LiveSession
  readonly replaces: RememberedSession | undefined
  readonly predecessor: Predecessor | undefined
}

/**
 * Finishes a login: `takeTransaction → redeemCode → beginSession`, each of which needs what the one before it gave.
 *
 * The session cookie is Strict, so browsers leave it out here: nothing relies on it.
 */
export function createCallback(steps: Steps) {
  return async function callback(request: Request, response: Response): Promise<void> {
    requireNavigation(request)
    const answer = queryOf(request)
    refuseDuplicates(answer)
    let returnTo = HOME
    try {
      const transaction = await takeTransaction(request, response, answer)
      returnTo = transaction.returnTo
      const tokens = await redeemCode(answer, transaction)
      const begun = await beginSession(request, tokens, transaction)
      const { session } = begun
      await closeLogin(transaction, begun).catch((error: unknown) =>
        steps.report('store_warning', { note: `after a login: ${noteOf(error)}` }),
      )
      tell(request, 'signed_in', { session: sessionName(session.ticket.id), subject: session.record.subject })
      response.status(303).set('Location', steps.landing(returnTo)).end()
    } catch (error) {
      const { code, detail } = asGatewayError(error)
      tell(request, OUTCOMES[code] ?? 'failed', { note: noteOf(error) })
      throw new GatewayError(code, { cause: error, ...detail, returnTo })
    }
  }

  async function takeTransaction(request: Request, response: Response, answer: URLSearchParams): Promise<LoginTransaction> {
    const state = valueOf(answer, 'state')
    const binding = state === undefined ? undefined : steps.bindings.read(request, state)
    const transaction = state === undefined || !binding ? undefined : await steps.transactions.take(state, binding)
    if (state !== undefined && binding) steps.bindings.remove(response, state)
    if (transaction) return transaction
    await steps.addressLimit.spend(steps.accountableAddress(request))
    throw new GatewayError('login_not_started')
  }

  function redeemCode(
    answer: URLSearchParams,
    { state, nonce, codeVerifier, maxAgeSeconds }: LoginTransaction,
  ): Promise<TokenSet> {
    return steps.provider.redeemCode({
      answer,
      state,
      nonce,
      codeVerifier,
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    })
  }

  async function beginSession(request: Request, tokens: TokenSet, transaction: LoginTransaction): Promise<Begun> {
    try {
      refuseLowerLevel(tokens, transaction)
      const replaces = await standing(transaction.replaces)
      const predecessor = isStepUp(transaction) ? predecessorOf(replaces, tokens.identity, steps.now()) : undefined
      const session = await steps.beginSession(request, tokens, { ...transaction, replaces, predecessor })
      return { session, replaces, predecessor }
    } catch (error) {
      // Nobody holds them now, so nobody would ever sign out of them; but a session that goes on may share its grant with them.
      const goesOn = asGatewayError(error).code === 'step_up_failed' && transaction.replaces !== undefined
      if (!goesOn) steps.revokeTokens({ record: { subject: tokens.identity.subject }, grant: tokens })
      throw error
    }
  }

  /** Another tab may have stepped up since this login began. */
  async function standing(remembered: RememberedSession | undefined): Promise<RememberedSession | undefined> {
    return remembered && { ...remembered, ticket: { id: await steps.standingSession(remembered.ticket.id) } }
  }

  /** The session of before ends, without a word to the provider, where it may share its grant with the new one. Who is signed in stays so if this fails. */
  async function closeLogin({ spent }: LoginTransaction, { session, replaces, predecessor }: Begun): Promise<void> {
    const left = predecessor ? steps.retireSession(predecessor, session) : replaces && steps.endSession(replaces, 'replaced')
    await Promise.all([left, steps.addressLimit.refund(spent[0]), steps.browserLimit.refund(spent[1])])
  }

  function tell(request: Request, outcome: LoginOutcome, fields: { session?: string; subject?: string; note?: string }): void {
    steps.report('login_finished', { requestId: steps.requestIdOf(request), outcome, ...fields })
  }
}

const OUTCOMES: { readonly [Code in FailureCode]?: LoginOutcome } = {
  login_not_started: 'not_started',
  too_many_requests: 'not_started',
  login_denied: 'denied',
  login_overtaken: 'denied',
  login_interaction_required: 'denied',
  login_refused: 'refused',
  step_up_failed: 'refused',
  provider_answer_invalid: 'answer_invalid',
  provider_unavailable: 'unavailable',
  store_unavailable: 'unavailable',
}
