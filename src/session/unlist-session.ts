import { noteOf } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import type { Store } from '../store/port.ts'
import type { EndableSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'

/** Takes a session off the lists of its person and of its session at the provider. Never rejects. */
export type UnlistSession = (session: EndableSession) => Promise<void>

export function createUnlistSession({
  store,
  keys,
  report,
}: {
  readonly store: Pick<Store, 'removeMember'>
  readonly keys: Pick<SessionKeys, 'user' | 'providerSession'>
  readonly report: Report
}): UnlistSession {
  return async function unlistSession({ ticket: { id }, record: { issuer, subject, providerSession } }) {
    const lists = [
      ...(subject === undefined ? [] : [keys.user(issuer, subject)]),
      ...(providerSession === undefined ? [] : [keys.providerSession(issuer, providerSession)]),
    ]
    await Promise.all(lists.map((list) => unlisted(list, id)))
  }

  /** A name that stays on a list does no harm: it opens nothing, and goes with its deadline. */
  async function unlisted(list: string, id: string): Promise<void> {
    await store
      .removeMember(list, id)
      .catch((error: unknown) => report('store_warning', { note: `an ended session stays listed: ${noteOf(error)}` }))
  }
}
