import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Secret } from '../config/secret.ts'
import { asGatewayError, FAILURES } from '../errors.ts'
import { describeError, noteOf } from '../report/describe-error.ts'
import type { Events, Report } from '../report/events.ts'
import type { AdministerSessions } from './administer-sessions.ts'

/** How long a wrong secret waits for its answer, and how many may wait. */
const PAUSE_MILLISECONDS = 1_000
const MOST_WAITING = 20

export interface Administered {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers a request below `/admin/`; rejects only with a fault of ours. */
export type Administer = (request: IncomingMessage) => Promise<Administered>

interface Steps {
  readonly secret: Secret
  readonly administerSessions: AdministerSessions
  readonly report: Report
  readonly wait?: (milliseconds: number) => Promise<unknown>
}

/**
 * Guards the administration: nothing is looked at before the secret was shown, each request is told to the audit log with who, what and
 * why, and whoever guesses waits.
 *
 * The name of an administrator is theirs to give, in the header `Coatcheck-Administrator`: who has the secret is trusted with it.
 */
export function createAdministration({ secret, administerSessions, report, wait = pause }: Steps): Administer {
  const expected = digest(`Bearer ${secret.reveal()}`)
  let waiting = 0

  return async function administer(request) {
    const administrator = nameOf(request)
    const url = new URL(request.url ?? '/', 'http://unused')
    const why = url.searchParams.get('why')
    const who = { administrator, ...(why !== null && { why }) }
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) return refuse(who)
    try {
      const { told, ...answer } = await administerSessions(request.method ?? '', url)
      report('administered', { ...who, ...whoseOf(url), ...told })
      return answer
    } catch (error) {
      const { code, detail } = asGatewayError(error)
      if (code === 'internal') report('unexpected_error', describeError(error))
      report('administered', { ...who, ...whoseOf(url), outcome: 'failed', note: noteOf(error) })
      const { status, says } = FAILURES[code]
      const retry = detail.retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(detail.retryAfterSeconds) } }
      return { status, body: { code, detail: says }, ...retry }
    }
  }

  async function refuse(who: Pick<Events['administered'], 'administrator' | 'why'>): Promise<Administered> {
    report('administered', { ...who, outcome: 'refused', note: 'no secret, or a wrong one' })
    if (waiting >= MOST_WAITING) return { status: 429, body: { code: 'too_many_requests' }, headers: { 'Retry-After': '1' } }
    waiting += 1
    await wait(PAUSE_MILLISECONDS).finally(() => (waiting -= 1))
    return { status: 401, body: { code: 'unauthorized' }, headers: { 'WWW-Authenticate': 'Bearer realm="coatcheck"' } }
  }
}

function nameOf({ headers }: IncomingMessage): string {
  const name = headers['coatcheck-administrator']
  return typeof name === 'string' && name !== '' ? name : 'admin.secret'
}

/** Whose sessions are meant, as it was said: also where nothing could be done, or not all of it. */
function whoseOf({ searchParams }: URL): Pick<Events['administered'], 'subject' | 'providerSession' | 'handle'> {
  const named = ['subject', 'providerSession', 'handle'].map((name) => [name, searchParams.get(name)] as const)
  return Object.fromEntries(named.filter(([, value]) => value !== null))
}

/** Equal in length whatever is compared. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
