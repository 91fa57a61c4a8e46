import type { AdminConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { createAdministerSessions, type Administrable } from './administer-sessions.ts'
import { type Administer, createAdministration } from './administration.ts'

interface Parts {
  readonly config: AdminConfig
  readonly administrable: Administrable
  readonly report: Report
  readonly now: () => number
}

/** The administration, put together; undefined where the configuration has no secret for it. */
export function createAdmin({ config: { secret }, administrable, report, now }: Parts): Administer | undefined {
  const administerSessions = createAdministerSessions({ ...administrable, now })
  return secret && createAdministration({ secret, administerSessions, report })
}
