import { asGatewayError } from '../errors.ts'
import type { LogoutToken } from '../oidc/port.ts'
import type { Report } from '../report/events.ts'
import type { ApplyLogout } from './apply-logout.ts'

const MOST_KEPT = 1_000
const TRY_EVERY_MILLISECONDS = 1_000

interface Kept {
  readonly logout: LogoutToken
  readonly at: number
}

/** Verified logouts that the store could not take: kept in this process, and applied as soon as it does. */
export interface KeptLogouts {
  readonly keep: (logout: LogoutToken, at: number) => void
  /** Gives up; what was not applied is told. */
  readonly stop: () => void
}

interface Steps {
  readonly applyLogout: ApplyLogout
  readonly inBackground: (work: Promise<void>) => void
  readonly report: Report
}

export function createKeptLogouts({ applyLogout, inBackground, report }: Steps): KeptLogouts {
  const kept = new Map<string, Kept>()
  let timer: NodeJS.Timeout | undefined

  function tell(state: 'kept' | 'applied' | 'dropped', { subject, providerSession }: LogoutToken): void {
    report('kept_logout', {
      state,
      ...(subject !== undefined && { subject }),
      ...(providerSession !== undefined && { providerSession }),
    })
  }

  function schedule(): void {
    if (kept.size === 0) return
    timer ??= setTimeout(() => {
      timer = undefined
      inBackground(applyAll().finally(schedule))
    }, TRY_EVERY_MILLISECONDS).unref()
  }

  async function applyAll(): Promise<void> {
    for (const [name, { logout, at }] of kept) {
      const failure = await applyLogout(logout, at, true).then(() => undefined, asGatewayError)
      // The store is still away, for the others too.
      if (failure?.code === 'store_unavailable') return
      remove(name, failure ? 'dropped' : 'applied')
      if (failure) throw failure
    }
  }

  function remove(name: string, state: 'applied' | 'dropped'): void {
    const logout = kept.get(name)?.logout
    if (logout && kept.delete(name)) tell(state, logout)
  }

  return {
    keep(logout, at) {
      const name = JSON.stringify([logout.issuer, logout.tokenId])
      if (kept.has(name)) return
      const [oldest] = kept.keys()
      if (kept.size >= MOST_KEPT && oldest !== undefined) remove(oldest, 'dropped')
      kept.set(name, { logout, at })
      tell('kept', logout)
      schedule()
    },
    stop() {
      clearTimeout(timer)
      for (const name of kept.keys()) remove(name, 'dropped')
    },
  }
}
