const LONGEST_MILLISECONDS = 10_000
const SAFE = /^(?:GET|HEAD|OPTIONS)$/i

/** Our own 503s that are answered before anything is carried. `draining` is none of them: it may cut off what was under way. */
const NOTHING_CARRIED = ['store_unavailable', 'token_unavailable', 'record_unreadable']

/**
 * After how many milliseconds a refused request may be made again; undefined where it may not.
 * Only a 503 that says when to come back, ten seconds at most. A method that may have done something is repeated only where the
 * gateway itself says, in a header that no API can send through, that the request never left it.
 */
export function retryMilliseconds({ status, headers }: Response, method: string): number | undefined {
  if (status !== 503) return undefined
  if (!SAFE.test(method) && !NOTHING_CARRIED.includes(headers.get('Coatcheck-Code') ?? '')) return undefined
  const wait = waitOf(headers)
  return wait <= LONGEST_MILLISECONDS ? wait : undefined
}

/** Milliseconds that an answer asks to wait (RFC 9110 §10.2.3: seconds, or a date by the server's clock); NaN where it asks for nothing. */
export function waitOf(headers: Headers): number {
  const value = headers.get('Retry-After') ?? ''
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  // `Date.parse` makes a date of nearly every number.
  if (!value.endsWith('GMT')) return NaN
  return Math.max(0, Date.parse(value) - Date.parse(headers.get('Date') ?? ''))
}

/** Whether a request that was made once can be made again: its body is not one that has been read away. */
export function canBeSentAgain(input: RequestInfo | URL, init: RequestInit | undefined): boolean {
  if (input instanceof Request && input.bodyUsed) return false
  const body = init?.body
  return !(body instanceof ReadableStream)
}
