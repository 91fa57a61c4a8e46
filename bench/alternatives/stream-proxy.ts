import { Agent, createServer, request as send } from 'node:http'
import { readSetting } from './read-setting.ts'

// How a proxy of Node's own streams is written: both bodies piped, connections kept, the cookie kept back, the token attached. No session.

const upstream = new URL(readSetting('UPSTREAM'))
const authorization = `Bearer ${readSetting('ACCESS_TOKEN')}`
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

createServer((request, response) => {
  const { cookie: _, ...headers } = request.headers
  const { hostname: host, port } = upstream
  const path = (request.url ?? '/').slice('/api'.length)
  const about = { agent, host, port, path, method: request.method, headers: { ...headers, authorization } }
  const outgoing = send(about, (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.headers)
    incoming.pipe(response)
    incoming.once('error', () => response.destroy())
  })
  outgoing.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  request.pipe(outgoing)
}).listen(Number(readSetting('PORT')), '127.0.0.1')
