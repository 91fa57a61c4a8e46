import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/** A request as node's parser would hand it on, for functions that only look at it. */
export function fakeRequest(
  headers: Readonly<Record<string, string>> = {},
  {
    url = '/',
    method = 'GET',
    peer = '127.0.0.1',
  }: { readonly url?: string; readonly method?: string; readonly peer?: string } = {},
): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const request = new IncomingMessage(socket)
  request.url = url
  request.method = method
  Object.assign(request.headers, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])))
  return request
}
