import type { ServerResponse } from 'node:http'

/** Sends a page that no cache keeps. */
export function sendPage(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(page)
}

/**
 * Puts the headers on that every answer has. A form's redirects are checked against `form-action` too (CSP 3 §6.4.1), and both
 * forms here end at the app: so the app's origin is named.
 */
export function setHeaders(response: ServerResponse, appOrigin: string): void {
  response.setHeader(
    'Content-Security-Policy',
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `form-action 'self' ${appOrigin}`,
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
  )
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('X-Content-Type-Options', 'nosniff')
}
