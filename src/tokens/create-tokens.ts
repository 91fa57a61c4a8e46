import type { Config } from '../config/config.ts'
import type { Provider } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import type { Sessions } from '../session/create-sessions.ts'
import { createGrantOf } from '../session/grant-of.ts'
import type { LiveSession } from '../session/records.ts'
import type { Store } from '../store/port.ts'
import { createGetAccessToken, type GetAccessToken } from './access-token.ts'
import { createRefreshSession } from './refresh-session.ts'

interface Parts {
  readonly config: Pick<Config, 'provider'>
  readonly provider: Provider
  readonly sessions: Sessions
  readonly revokeTokens: (session: LiveSession) => void
  readonly store: Pick<Store, 'link'>
  readonly report: Report
  readonly now: () => number
}

/** Access tokens, fresh when they are asked for. */
export function createTokens({ config, provider, sessions, revokeTokens, store, report, now }: Parts): GetAccessToken {
  const refreshSession = createRefreshSession({
    provider,
    replaceGrant: sessions.replaceGrant,
    findSession: sessions.find,
    endSession: sessions.end,
    grantOf: createGrantOf(config.provider.claims),
    revokeTokens,
    isStoreLive: () => store.link.live,
    report,
    now,
  })
  return createGetAccessToken({ refreshSession, endSession: sessions.end, inBackground: sessions.background.run, now })
}
