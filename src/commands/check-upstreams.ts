import { connect } from 'node:net'
import type { RouteConfig } from '../config/config.ts'
import { explainCode } from './explain-code.ts'
import type { Finding } from './finding.ts'

/** Opens a connection to each upstream and closes it again; nothing is sent. */
export async function checkUpstreams(routes: readonly RouteConfig[]): Promise<readonly Finding[]> {
  const upstreams = new Map(routes.map((route) => [route.origin, route]))
  return Promise.all(
    [...upstreams.values()].map(async ({ origin, connectTimeoutMilliseconds }): Promise<Finding> => {
      const failure = await tryConnection(new URL(origin), connectTimeoutMilliseconds)
      const about = 'upstream'
      if (failure === undefined) return { level: 'ok', about, says: `${origin} takes connections.` }
      return { level: 'fail', about, says: `${origin} takes no connection: ${explainCode(failure)}.` }
    }),
  )
}

function tryConnection({ hostname, port, protocol }: URL, timeoutMilliseconds: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
      timeout: timeoutMilliseconds,
    })
    function settle(failure: string | undefined): void {
      socket.destroy()
      resolve(failure)
    }
    socket.once('connect', () => settle(undefined))
    socket.once('timeout', () => settle(`no answer within ${timeoutMilliseconds} ms`))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.name))
  })
}
