import type { IncomingMessage, ServerResponse } from 'node:http'
import helmet from 'helmet'

const NOTHING = ["'none'"]
const OURSELVES = ["'self'"]
const YEAR_SECONDS = 31_536_000

export type SetResponseHeaders = (request: IncomingMessage, response: ServerResponse) => void

/** Headers of everything that we answer ourselves: nothing is cached, framed, sniffed or run that is not ours. */
export function createSetResponseHeaders(secure: boolean): SetResponseHeaders {
  const secureHeaders = createHelmet(secure, {
    defaultSrc: NOTHING,
    scriptSrc: OURSELVES,
    styleSrc: OURSELVES,
    imgSrc: OURSELVES,
    connectSrc: OURSELVES,
    formAction: OURSELVES,
    baseUri: NOTHING,
    frameAncestors: NOTHING,
  })
  return function setResponseHeaders(request, response) {
    secureHeaders(request, response, failLoudly)
    response.setHeader('Cache-Control', 'no-store')
  }
}

/** Headers of the application's own page, where the gateway serves it: its scripts and styles are files, its calls stay at home. */
export function createSetPageHeaders(secure: boolean): SetResponseHeaders {
  const secureHeaders = createHelmet(secure, {
    defaultSrc: NOTHING,
    scriptSrc: OURSELVES,
    styleSrc: OURSELVES,
    imgSrc: [...OURSELVES, 'data:'],
    fontSrc: OURSELVES,
    connectSrc: OURSELVES,
    manifestSrc: OURSELVES,
    formAction: OURSELVES,
    baseUri: NOTHING,
    frameAncestors: NOTHING,
  })
  return (request, response) => secureHeaders(request, response, failLoudly)
}

function createHelmet(secure: boolean, directives: Record<string, Iterable<string>>) {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: secure ? { maxAge: YEAR_SECONDS, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
  })
}

function failLoudly(error?: unknown): void {
  if (error) throw error
}
