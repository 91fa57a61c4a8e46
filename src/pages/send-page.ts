import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Page, renderPage } from './page.ts'

/** Sends one of our pages; security headers are on the response already. */
export type SendPage = (request: IncomingMessage, response: ServerResponse, page: Page) => void

export function createSendPage(prefix: string): SendPage {
  return function sendPage(request, response, page) {
    const body = renderPage(prefix, page)
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.setHeader('Content-Length', Buffer.byteLength(body))
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}
