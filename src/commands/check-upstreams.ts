import type { RouteConfig } from '../config/config.ts'
import { explainCode } from './explain-code.ts'
import type { Finding } from './finding.ts'
import { tryConnection } from './try-connection.ts'

const about = 'upstream'

/** Opens a connection to each address of each upstream, TLS included, and closes it again; nothing is sent. */
export async function checkUpstreams(routes: readonly RouteConfig[]): Promise<readonly Finding[]> {
  const trials = new Map(
    routes.flatMap((route) =>
      route.addresses.map((address) => {
        const { ca, certificate, serverName } = route.tls
        return [JSON.stringify([address.name, ca, certificate, serverName, route.http2]), { route, address }] as const
      }),
    ),
  )
  return Promise.all(
    [...trials.values()].map(async ({ route, address }): Promise<Finding> => {
      const outcome = await tryConnection(address, route)
      if (outcome.kind === 'failed') {
        return { level: 'fail', about, says: `${address.name} takes no connection: ${explainCode(outcome.code)}.` }
      }
      if (outcome.protocol === 'h2') {
        // What has a body is carried over HTTP/1.1.
        const older = await tryConnection(address, { ...route, http2: false })
        if (older.kind === 'failed') {
          return {
            level: 'fail',
            about,
            says: `${address.name} speaks HTTP/2, but takes no connection for HTTP/1.1: ${explainCode(older.code)}.`,
          }
        }
      }
      const spoken = outcome.protocol === 'h2' ? ' and speaks HTTP/2' : ''
      return { level: 'ok', about, says: `${address.name} takes connections${spoken}.` }
    }),
  )
}
