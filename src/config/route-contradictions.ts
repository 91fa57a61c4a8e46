import type { ListenAddress } from './config.ts'
import type { Contradiction, IsSound } from './contradictions.ts'
import { isLoopback } from './is-loopback.ts'
import type { Upstream } from './parse-upstream.ts'
import type { Settings } from './settings.ts'

/** What is wrong between routes, and between a route and the rest. */
export function* findRouteContradictions(settings: Settings, isSound: IsSound): Generator<Contradiction> {
  // One broken route does not hide what is wrong with the others.
  if (!Array.isArray(settings.routes)) return
  const seen = new Set<string>()
  for (const [index, route] of settings.routes.entries()) {
    const at = `routes.${index}`
    if (isSound(`${at}.prefix`)) {
      if (seen.has(route.prefix)) {
        yield { path: ['routes', index, 'prefix'], refused: 'is the prefix of another route too.', write: 'each prefix once' }
      }
      seen.add(route.prefix)
      yield* findPrefixContradictions(settings, isSound, index, route.prefix)
    }
    if (isSound(`${at}.proof`, `${at}.token`) && route.proof === 'none' && route.token === 'user') {
      yield {
        path: ['routes', index, 'proof'],
        refused: "is none while the person's token is attached: any site could act in that person's name.",
        write: 'header or same-origin; or token: none',
      }
    }
    if (isSound(`${at}.upstream`) && isOurselves(settings, isSound, route.upstream)) {
      yield { path: ['routes', index, 'upstream'], refused: 'is this gateway itself.', write: 'the address of the API behind it' }
    }
  }
}

function* findPrefixContradictions(
  settings: Settings,
  isSound: IsSound,
  index: number,
  prefix: string,
): Generator<Contradiction> {
  const path = ['routes', index, 'prefix']
  if (!isSound('prefix')) return
  const ours = `${settings.prefix}/`
  if (prefix.startsWith(ours)) {
    yield {
      path,
      refused: `is under ${ours}, where the gateway's own endpoints are.`,
      write: 'a prefix of its own, such as /api/',
    }
  } else if (ours.startsWith(prefix)) {
    yield {
      path,
      refused: `holds ${ours}, so nobody would ever reach the gateway's own endpoints.`,
      write: 'a prefix beside it, such as /api/',
    }
  }
}

/** The origin that browsers see, or one of the listeners: a request would come back, or reach what is private. */
function isOurselves(settings: Settings, isSound: IsSound, upstream: Upstream): boolean {
  if (isSound('baseUrl') && upstream.origin === settings.baseUrl.origin) return true
  const listeners: ListenAddress[] = []
  if (isSound('listen')) listeners.push(settings.listen)
  if (isSound('privateListen')) listeners.push(settings.privateListen)
  return listeners.some(({ host, port }) => port === upstream.port && reaches(upstream.hostname, host))
}

function reaches(hostname: string, listenHost: string): boolean {
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  if (name === listenHost.toLowerCase() || name === '0.0.0.0' || name === '::') return true
  const isEverywhere = listenHost === '0.0.0.0' || listenHost === '::'
  return isLoopback(hostname) && (isEverywhere || isLoopback(listenHost))
}
