import type { Events } from '../report/events.ts'
import type { Ended, EndListed } from '../session/end-listed.ts'
import type { EndWithoutCookie } from '../session/end-without-cookie.ts'
import type { SessionKeys } from '../session/keys.ts'
import type { ReadList } from '../session/listed-sessions.ts'
import { openOnes, showListed } from '../session/show-listed.ts'
import type { Administered } from './administration.ts'

/** What an administrator asked for, once known to be one; `told` goes to the audit log, beside who, why and whose. */
export type AdministerSessions = (
  method: string,
  url: URL,
) => Promise<Administered & { readonly told: Pick<Events['administered'], 'outcome' | 'ended' | 'note'> }>

/** What administration does to sessions; made by the gateway, which has them. */
export interface Administrable {
  readonly issuer: string
  readonly keys: Pick<SessionKeys, 'user' | 'providerSession'>
  readonly readList: ReadList
  readonly endListed: EndListed
  readonly endWithoutCookie: EndWithoutCookie
}

const KNOWN = new Set(['subject', 'providerSession', 'handle', 'why'])

/** `/admin/sessions`: `GET` lists, `DELETE` ends, whichever `subject`, `providerSession` (or both) and `handle` name. */
export function createAdministerSessions({
  issuer,
  keys,
  readList,
  endListed,
  endWithoutCookie,
  now,
}: Administrable & { readonly now: () => number }): AdministerSessions {
  return async function administerSessions(method, url) {
    if (url.pathname !== '/admin/sessions') return refused(404, 'not_found')
    if (method !== 'GET' && method !== 'DELETE')
      return { ...refused(405, 'method_not_allowed'), headers: { Allow: 'GET, DELETE' } }
    const whose = parse(url.searchParams)
    if (!whose) return refused(400, 'request_invalid', 'Name subject, providerSession or both, each once.')

    const { handle, ...ended } = whose
    if (method === 'DELETE' && handle === undefined) {
      const count = await endListed(ended, { reason: 'revoked', at: now() })
      return { status: 200, body: { ended: count }, told: { outcome: 'ended', ended: count } }
    }
    const sessions = await open(ended, handle)
    if (method === 'DELETE') {
      await Promise.all(sessions.map((session) => endWithoutCookie({ ticket: session, record: session.about }, 'revoked')))
      const count = sessions.length
      return { status: count === 0 ? 404 : 200, body: { ended: count }, told: { outcome: 'ended', ended: count } }
    }
    const shown = sessions.map((session) => ({
      subject: session.about.subject,
      providerSession: session.about.providerSession,
      ...showListed(session),
    }))
    return { status: 200, body: { sessions: shown }, told: { outcome: 'listed' } }
  }

  async function open({ subject, providerSession }: Ended, handle: string | undefined) {
    const list = providerSession === undefined ? keys.user(issuer, subject ?? '') : keys.providerSession(issuer, providerSession)
    return openOnes(await readList(list)).filter(
      ({ about }) => (subject === undefined || about.subject === subject) && (handle === undefined || about.handle === handle),
    )
  }

  /** Undefined where it is not clear whose: nothing ends by a slip of the pen. */
  function parse(query: URLSearchParams): (Ended & { readonly handle: string | undefined }) | undefined {
    const names = [...query.keys()]
    if (new Set(names).size < names.length || names.some((name) => !KNOWN.has(name) || query.get(name) === '')) return undefined
    const [subject, providerSession, handle] = ['subject', 'providerSession', 'handle'].map(
      (name) => query.get(name) ?? undefined,
    )
    return subject === undefined && providerSession === undefined ? undefined : { issuer, subject, providerSession, handle }
  }
}

/** What is not done at all, and on record all the same. */
function refused(status: number, code: string, detail?: string) {
  return { status, body: { code, ...(detail !== undefined && { detail }) }, told: { outcome: 'failed', note: code } as const }
}
