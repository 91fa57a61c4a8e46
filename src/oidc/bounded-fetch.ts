import type { CustomFetch } from 'openid-client'

import { GatewayError } from '../errors.ts'
import type { Weather } from '../report/weather.ts'
import { readableCode } from './error-code.ts'
import type { Exchange, ExchangedAnswer } from './exchange.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Far above any honest answer. */
const MOST_BYTES = 512 * 1024

const WEATHER_BY_STATUS: ReadonlyMap<number, Weather> = new Map([
  [408, 'timeout'],
  [429, 'rate_limited'],
  [504, 'timeout'],
])

interface Steps {
  readonly exchange: Exchange
  /** Puts a body in order before the library reads it. */
  readonly tidy?: (body: Buffer<ArrayBuffer>, url: string, status: number) => Buffer<ArrayBuffer> | string
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
export function createBoundedFetch({ exchange, tidy = (body) => body, timeoutMilliseconds, now }: Steps): CustomFetch {
  return async function boundedFetch(url, options) {
    const path = new URL(url).pathname.slice(0, 200)
    // Not `AbortSignal.timeout`: that stays in memory until its time is over, with all that waits for it, long after the answer.
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(new DOMException('', 'TimeoutError')), timeoutMilliseconds)
    try {
      const answer = await exchange(url, options, deadline.signal)
      refuseUselessAnswer(answer, path, now)
      const body = await readBody(answer, path)

      // Of the headers only the type travels on. In particular no `WWW-Authenticate`: the library would stop at it and never
      // read the OAuth error in the body (RFC 6749 §5.2 allows both in one answer).
      const type = answer.header('content-type')
      const headers = type === undefined ? {} : { 'content-type': type }
      // `Response` refuses a body, even an empty one, with 204 and 205.
      return new Response(body.length === 0 ? null : tidy(body, url, answer.status), { status: answer.status, headers })
    } catch (error) {
      if (error instanceof GatewayError) throw error
      const weather: Weather = memberOf(error, 'name') === 'TimeoutError' ? 'timeout' : 'network'
      throw new GatewayError('provider_unavailable', { note: `${path}: ${networkCode(error)}`, weather })
    } finally {
      clearTimeout(timer)
    }
  }
}

function refuseUselessAnswer({ status, header, discard }: ExchangedAnswer, path: string, now: () => number): void {
  const coding = header('content-encoding') ?? 'identity'
  const redirects = status < 200 || (status >= 300 && status < 400)
  const weather = status >= 500 || status === 429 || status === 408
  const isCoded = coding.toLowerCase() !== 'identity'
  if (!redirects && !weather && !isCoded) return

  discard()
  const note = `${path}: HTTP ${status}`
  // A redirect would carry credentials, codes or tokens to wherever it points.
  if (redirects) throw new GatewayError('provider_answer_invalid', { note })
  // A small answer can be a large one in disguise.
  if (isCoded && !weather)
    throw new GatewayError('provider_answer_invalid', { note: `${path}: compressed, which was not asked for` })
  const retryAfterSeconds = parseRetryAfter(header('retry-after') ?? null, now())
  throw new GatewayError('provider_unavailable', {
    note,
    weather: WEATHER_BY_STATUS.get(status) ?? 'server_error',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

async function readBody({ body }: ExchangedAnswer, path: string): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    size += part.byteLength
    if (size > MOST_BYTES) throw new GatewayError('provider_answer_invalid', { note: `${path}: more than ${MOST_BYTES} bytes` })
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The error's name, and its code. */
function networkCode(error: unknown): string {
  const name = readableCode(memberOf(error, 'name'))
  const code = memberOf(error, 'code')
  return code === undefined ? name : `${name} ${readableCode(code)}`
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
