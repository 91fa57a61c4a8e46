import { canBeSentAgain, retryMilliseconds } from './may-retry.ts'
import { pause } from './pause.ts'
import type { Reason } from './session.ts'

/** `fetch`, for the application's own API. */
export type Send = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

/**
 * `fetch` with the proof that a request comes from this origin, for this origin alone: requests elsewhere go as they are.
 * Waits and tries once more where that is harmless, and hands every answer back, refusals too.
 *
 * @param onRefused Hears of the gateway's own 401. An API's 401 comes without that header, and is nobody's business here.
 */
export function createSend(onRefused: (reason: Reason) => void): Send {
  return async function send(input, init) {
    const request = input instanceof Request ? input : undefined
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI)
    if (url.origin !== location.origin) return fetch(input, init)

    const headers = new Headers(init?.headers ?? request?.headers)
    headers.set('X-CSRF', '1')
    const attempt = () => fetch(input, { ...init, headers })

    let response = await attempt()
    const wait = retryMilliseconds(response, init?.method ?? request?.method ?? 'GET')
    if (wait !== undefined && canBeSentAgain(input, init)) {
      const signal = init?.signal ?? request?.signal
      await response.body?.cancel().catch(() => undefined)
      // A little apart, so that whoever was refused at once does not come back at once. An aborted one fails in the second attempt.
      await pause(wait + Math.random() * 500, signal)
      response = await attempt()
    }
    const reason = response.headers.get('Coatcheck-Reason')
    if (response.status === 401 && reason) onRefused(reason)
    return response
  }
}
