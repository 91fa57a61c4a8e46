import type { RequestHandler } from 'express'
import type { ReadTicket } from '../security/read-ticket.ts'

/**
 * Shows express-session the one ticket that was read, and what browsers speak, instead of what the client wrote:
 * both lanes see the same session, or none, whatever the `Cookie` header holds.
 */
export function expressSessionOfTicket(expressSession: RequestHandler, readTicket: ReadTicket, secure: boolean): RequestHandler {
  return function sessionOfTicket(request, response, next) {
    const sent = request.headers.cookie
    const reading = readTicket(sent)
    if (reading.kind === 'ticket') request.headers.cookie = reading.cookie
    else delete request.headers.cookie
    // express-session withholds Secure cookies, silently, where it thinks that the browser does not speak https.
    Object.defineProperty(request, 'secure', { value: secure, configurable: true })
    expressSession(request, response, (error?: unknown) => {
      if (sent !== undefined) request.headers.cookie = sent
      next(error)
    })
  }
}
