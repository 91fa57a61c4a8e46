import type { CustomFetchOptions } from 'openid-client'
import { request } from 'undici'

/** An answer whose body was not read yet. It must be, or else be discarded. */
export interface ExchangedAnswer {
  readonly status: number
  /** Of a header that comes once; of one that comes several times, the first. */
  readonly header: (name: string) => string | undefined
  readonly body: AsyncIterable<Uint8Array>
  readonly discard: () => void
}

/** One request and its answer: no redirect is followed, nothing decompressed. Rejects where the connection fails or `signal` aborts. */
export type Exchange = (url: string, options: CustomFetchOptions, signal: AbortSignal) => Promise<ExchangedAnswer>

/**
 * Over undici's own connections rather than `fetch`, whose web streams cost a refresh three times the memory: garbage that stops every
 * request for as long as it takes to collect.
 */
export const exchange: Exchange = async (url, { method, headers, body }, signal) => {
  const answer = await request(url, {
    method: method === 'POST' ? 'POST' : 'GET',
    headers: { ...headers, 'accept-encoding': 'identity' },
    body: body === undefined || body === null ? null : textOf(body),
    signal,
  })
  // Whoever reads hears of a failure from the reading itself; a body that nobody reads any more may fail unheard.
  answer.body.on('error', () => undefined)
  return {
    status: answer.statusCode,
    header: (name) => [answer.headers[name]].flat()[0],
    body: answer.body,
    discard: () => void answer.body.destroy(),
  }
}

/** The library sends forms only. */
function textOf(body: NonNullable<CustomFetchOptions['body']>): string {
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body)
  throw new TypeError('The body of a request to the provider is a form.')
}
