import type { CustomFetch, CustomFetchOptions } from 'openid-client'

import { GatewayError } from '../errors.ts'
import type { Weather } from '../report/weather.ts'
import { readableCode } from './error-code.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Far above any honest answer; counted after decompression, so a small bomb is caught too. */
const MOST_BYTES = 512 * 1024

const WEATHER_BY_STATUS: ReadonlyMap<number, Weather> = new Map([
  [408, 'timeout'],
  [429, 'rate_limited'],
  [504, 'timeout'],
])

interface Steps {
  readonly fetch: typeof fetch
  readonly timeoutMilliseconds: number
  readonly now: () => number
}

/**
 * Asks the provider, within bounds: one deadline for the whole exchange, 512 kB of body, redirects never followed.
 *
 * Only answers that say something about the request come back. What does not is thrown: `provider_unavailable` for a connection
 * that fails, a deadline that passes, 5xx, 408 and 429 (with their `Retry-After`); `provider_answer_invalid` for a redirect or a
 * body beyond the bound.
 */
export function createBoundedFetch({ fetch, timeoutMilliseconds, now }: Steps): CustomFetch {
  return async function boundedFetch(url, options) {
    const path = new URL(url).pathname.slice(0, 200)
    try {
      const response = await fetch(url, withinBounds(options, timeoutMilliseconds))
      await refuseUselessStatus(response, path, now)
      const body = await readBody(response, path)

      // Of the headers only the type travels on. In particular no `WWW-Authenticate`: the library would stop at it and never
      // read the OAuth error in the body (RFC 6749 §5.2 allows both in one answer).
      const type = response.headers.get('content-type')
      return new Response(body, { status: response.status, headers: type === null ? {} : { 'content-type': type } })
    } catch (error) {
      if (error instanceof GatewayError) throw error
      const weather: Weather = memberOf(error, 'name') === 'TimeoutError' ? 'timeout' : 'network'
      throw new GatewayError('provider_unavailable', { note: `${path}: ${networkCode(error)}`, weather })
    }
  }
}

function withinBounds(options: CustomFetchOptions, timeoutMilliseconds: number): RequestInit {
  return {
    method: options.method,
    headers: options.headers,
    ...(options.body === undefined ? {} : { body: options.body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMilliseconds),
  }
}

async function refuseUselessStatus(response: Response, path: string, now: () => number): Promise<void> {
  const { status } = response
  const redirects = status < 200 || (status >= 300 && status < 400)
  const weather = status >= 500 || status === 429 || status === 408
  if (!redirects && !weather) return

  await response.body?.cancel()
  const note = `${path}: HTTP ${status}`
  // A redirect would carry credentials, codes or tokens to wherever it points.
  if (redirects) throw new GatewayError('provider_answer_invalid', { note })
  const retryAfterSeconds = parseRetryAfter(response.headers.get('retry-after'), now())
  throw new GatewayError('provider_unavailable', {
    note,
    weather: WEATHER_BY_STATUS.get(status) ?? 'server_error',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

async function readBody(response: Response, path: string): Promise<Buffer<ArrayBuffer> | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MOST_BYTES) throw new GatewayError('provider_answer_invalid', { note: `${path}: more than ${MOST_BYTES} bytes` })
    parts.push(part)
  }
  // `Response` refuses a body, even an empty one, with 204 and 205.
  return size === 0 ? null : Buffer.concat(parts)
}

/** The error's name, and the code that `fetch` hides in its cause. */
function networkCode(error: unknown): string {
  const name = readableCode(memberOf(error, 'name'))
  const code = memberOf(memberOf(error, 'cause'), 'code')
  return code === undefined ? name : `${name} ${readableCode(code)}`
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
