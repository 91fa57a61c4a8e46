import { FAILURES, type GatewayError } from '../errors.ts'
import { loginUrl } from './login-url.ts'

/** A problem document (RFC 9457) with our stable members. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly requestId: string
  readonly reason?: string
  readonly loginUrl?: string
}

export function problemOf({ code, detail }: GatewayError, title: string, requestId: string, prefix: string): Problem {
  const { status, says } = FAILURES[code]
  const problem = { type: 'about:blank', title, status, detail: says, code, requestId } as const
  if (code === 'session_missing') return { ...problem, reason: detail.reason ?? 'none', loginUrl: loginUrl(prefix) }
  if (code === 'step_up_required') return { ...problem, loginUrl: loginUrl(prefix, { level: detail.level }) }
  return detail.weather === undefined || status !== 503 ? problem : { ...problem, reason: detail.weather }
}
