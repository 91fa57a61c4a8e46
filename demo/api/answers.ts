import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { maskHeaders } from './mask-headers.ts'
import type { Caller } from './verify-bearer.ts'

const MOST_ECHO_BYTES = 64 * 1024

type Answer = (call: {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly caller: Caller
}) => void | Promise<void>

/** What the API can do, by method and path. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  'GET /hello': ({ request, response, caller }) =>
    say(response, 200, { hello: `Good evening, ${caller.name}.`, you: caller, received: receivedFrom(request) }),

  'GET /orders': ({ request, response, caller }) =>
    say(response, 200, {
      ordersOf: caller.name,
      orders: [
        { hook: 14, item: 'grey coat', since: '19:32' },
        { hook: 15, item: 'umbrella', since: '19:32' },
      ],
      received: receivedFrom(request),
    }),

  'POST /echo': async ({ request, response }) => {
    if (Number(request.headers['content-length'] ?? 0) > MOST_ECHO_BYTES)
      return say(response, 413, { error: 'That is too long to echo.' })
    say(response, 200, { echo: parsed(await text(request)), received: receivedFrom(request) })
  },

  'GET /slow': async ({ request, response }) => {
    await pause(3000)
    say(response, 200, { slow: 'This took three seconds, on purpose.', received: receivedFrom(request) })
  },

  'GET /stream': async ({ response }) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    for (const event of [
      'The doors open.',
      'The lights go down.',
      'Somebody coughs.',
      'The music begins.',
      'End of the stream.',
    ]) {
      if (response.destroyed) return
      response.write(`data: ${event}\n\n`)
      await pause(700)
    }
    response.end()
  },

  'GET /fail': ({ request, response }) =>
    say(response, 500, { error: 'The API failed, on purpose.', received: receivedFrom(request) }),
}

/** Answers JSON that no cache keeps. */
export function say(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify(content))
}

function receivedFrom(request: IncomingMessage) {
  return { method: request.method, path: request.url, headers: maskHeaders(request.headers) }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}
