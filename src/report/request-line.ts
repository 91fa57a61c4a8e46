import type { FailureCode } from '../errors.ts'

/** One finished request, as the request log and the metrics are told of it. */
export interface RequestLine {
  /** `deciding`: a proxy asked whether it may carry a request itself. */
  readonly lane: 'counter' | 'carrying' | 'deciding'
  readonly requestId: string
  readonly method: string
  /** Path only: a query may hold what nobody should read in a log. */
  readonly path: string
  /** The route's prefix in the carrying and the deciding lane, the endpoint's name in the counter lane; never a client's text. */
  readonly route: string
  readonly status: number
  readonly milliseconds: number
  readonly code?: FailureCode
  /** What was behind the failure: names and codes, never a secret. */
  readonly note?: string
  readonly session?: string
  readonly subject?: string
  readonly upstream?: string
  /** The client went away before the answer was complete. */
  readonly aborted: boolean
}

/** Called once per finished request. */
export type ReportRequest = (line: RequestLine) => void
