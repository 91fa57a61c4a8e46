import type { ServerResponse } from 'node:http'
import type { UpstreamAnswer } from './upstream.ts'

const MEGABYTE = 'x'.repeat(1024 * 1024)

/** Answers that every upstream of the tests knows, by path. */
export const ANSWERS: Readonly<Record<string, UpstreamAnswer>> = {
  '/plain': (_request, response) => send(response, 200, ['content-type', 'text/plain', 'content-length', '5'], 'hello'),
  '/no-content': (_request, response) => send(response, 204, [], ''),
  '/chunked': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('one,')
    response.end('two')
  },
  '/duplicates': (_request, response) =>
    send(response, 299, ['x-many', 'one', 'X-Other', 'o', 'x-many', 'two', 'content-length', '0'], ''),
  '/hang': () => {},
  '/half-header': wire('HTTP/1.1 200 OK\r\nContent-Le', 'end'),
  '/close-at-once': (request) => void request.socket.destroy(),
  '/garbage': wire('this is not HTTP\r\n\r\n', 'end'),
  '/die-mid-body': wire('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this', 'reset'),
  '/die-mid-chunk': wire('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nonly this', 'end'),
  '/stall-mid-body': wire('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this', 'stay'),
  '/two-lengths': wire('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!', 'end'),
  '/length-and-chunked': wire(
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'end',
  ),
  '/other-coding': wire('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n', 'end'),
  '/surplus': wire('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nghost', 'next'),
  '/unasked-switch': wire('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 'stay'),
  '/unasked-continue': wire('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'stay'),
  '/body-with-204': wire('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nghost', 'next'),
  '/until-close': wire('HTTP/1.1 200 OK\r\n\r\nuntil the end', 'end'),
  '/early-hints': wire(
    'HTTP/1.1 103 Early Hints\r\nLink: </x.js>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'next',
  ),
  '/trailers': wire(
    'HTTP/1.1 200 OK\r\nTrailer: Set-Cookie\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nSet-Cookie: late=1\r\nX-Late: 1\r\n\r\n',
    'next',
  ),
  '/big': (_request, response) => writeBig(response, 32),
  '/events': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: first\n\n')
  },
  '/too-many-headers': wire(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`, 'end'),
}

/** A complete answer; headers as names and values in turns. */
export function send(response: ServerResponse, status: number, headers: readonly string[], body: string): void {
  response.writeHead(status, [...headers])
  response.end(body)
}

/** Exactly these bytes, past Node's own HTTP; `next`: the answer is complete, and the connection waits for another request. */
export function wire(bytes: string, then: 'end' | 'reset' | 'stay' | 'next'): UpstreamAnswer {
  return ({ socket }, response) => {
    socket.write(bytes, 'latin1', () => {
      if (then === 'end') socket.end()
      else if (then === 'reset') socket.resetAndDestroy()
    })
    if (then === 'next') response.emit('finish')
  }
}

/** As many megabytes, as fast as they are taken. */
function writeBig(response: ServerResponse, megabytes: number): void {
  let left = megabytes
  response.writeHead(200, { 'content-length': megabytes * MEGABYTE.length })
  function more(): void {
    while (left > 0) {
      left -= 1
      if (!response.write(MEGABYTE)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
}
