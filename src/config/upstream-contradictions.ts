import type { ListenAddress } from './config.ts'
import type { Contradiction, IsSound } from './contradictions.ts'
import { isLoopback } from './is-loopback.ts'
import type { Upstream } from './parse-upstream.ts'
import type { Settings } from './settings.ts'

type Route = Settings['routes'][number]

/** What is wrong between the addresses of one upstream, and between them and how they are spoken to. */
export function* findUpstreamContradictions(settings: Settings, isSound: IsSound, index: number): Generator<Contradiction> {
  const route = settings.routes[index]
  const at = `routes.${index}`
  if (route === undefined) return
  if (isSound(`${at}.certificate`, `${at}.key`)) yield* findHalfIdentity(route, index)
  if (!isSound(`${at}.upstream`)) return
  const [first, ...others] = route.upstream
  if (first === undefined) return
  const path = ['routes', index, 'upstream']
  if (route.upstream.some((address) => isOurselves(settings, isSound, address))) {
    yield { path, refused: 'is this gateway itself.', write: 'the address of the API behind it' }
  }
  if (others.some(({ kind }) => kind !== first.kind)) {
    yield {
      path,
      refused: 'has addresses of different kinds.',
      write: 'all of them with http, all with https, or all as sockets',
    }
  }
  if (others.some((other) => other.path !== first.path)) {
    yield {
      path,
      refused: 'has addresses with different paths.',
      write: 'the same path behind each; other APIs are other routes',
    }
  }
  if (new Set(route.upstream.map(({ name }) => name)).size < route.upstream.length) {
    yield { path, refused: 'has the same address twice.', write: 'each address once' }
  }
  if (first.kind !== 'https') yield* findUselessTls(route, isSound, index)
}

function* findHalfIdentity({ certificate, key }: Route, index: number): Generator<Contradiction> {
  if (certificate !== undefined && key === undefined) {
    yield {
      path: ['routes', index, 'certificate'],
      refused: 'is there without its key.',
      write: 'key, too: the file of that key',
    }
  }
  if (key !== undefined && certificate === undefined) {
    yield { path: ['routes', index, 'key'], refused: 'is there without its certificate.', write: 'certificate, too: its file' }
  }
}

function* findUselessTls(route: Route, isSound: IsSound, index: number): Generator<Contradiction> {
  for (const name of ['ca', 'certificate', 'key', 'serverName', 'http2'] as const) {
    if (!isSound(`routes.${index}.${name}`) || route[name] === undefined || route[name] === false) continue
    yield {
      path: ['routes', index, name],
      refused: 'is about TLS, which is not spoken to this upstream.',
      write: 'nothing; or an https address for upstream',
    }
  }
}

/** The origin that browsers see, or one of the listeners: a request would come back, or reach what is private. */
function isOurselves(settings: Settings, isSound: IsSound, { kind, origin, hostname, port }: Upstream): boolean {
  if (kind === 'socket') return false
  if (isSound('baseUrl') && origin === settings.baseUrl.origin) return true
  const listeners: ListenAddress[] = []
  if (isSound('listen')) listeners.push(settings.listen)
  if (isSound('privateListen')) listeners.push(settings.privateListen)
  if (isSound('forwardAuth.listen') && settings.forwardAuth.listen !== undefined) listeners.push(settings.forwardAuth.listen)
  return listeners.some((listener) => listener.port === port && reaches(hostname, listener.host))
}

function reaches(hostname: string, listenHost: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  if (name === listenHost.toLowerCase() || name === '0.0.0.0' || name === '::') return true
  const isEverywhere = listenHost === '0.0.0.0' || listenHost === '::'
  return isLoopback(hostname) && (isEverywhere || isLoopback(listenHost))
}
