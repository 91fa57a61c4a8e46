import type { Contradiction, IsSound } from './contradictions.ts'
import { findHeaderContradictions } from './header-contradictions.ts'
import type { Settings } from './settings.ts'
import { findUpstreamContradictions } from './upstream-contradictions.ts'

/** What is wrong between routes, and between a route and the rest. */
export function* findRouteContradictions(settings: Settings, isSound: IsSound): Generator<Contradiction> {
  // One broken route does not hide what is wrong with the others.
  if (!Array.isArray(settings.routes)) return
  /** By prefix in lower case. */
  const seen = new Map<string, string>()
  for (const [index, route] of settings.routes.entries()) {
    const at = `routes.${index}`
    if (isSound(`${at}.prefix`)) {
      const folded = route.prefix.toLowerCase()
      const other = seen.get(folded)
      if (other !== undefined) {
        yield {
          path: ['routes', index, 'prefix'],
          refused: `is the prefix of another route too${other === route.prefix ? '' : ', but for its case'}.`,
          write: 'each prefix once; some servers make no difference between cases',
        }
      }
      seen.set(folded, route.prefix)
      yield* findPrefixContradictions(settings, isSound, index, route.prefix)
    }
    if (isSound(`${at}.proof`, `${at}.token`) && route.proof === 'none' && route.token === 'user') {
      yield {
        path: ['routes', index, 'proof'],
        refused: "is none while the person's token is attached: any site could act in that person's name.",
        write: 'header or same-origin; or token: none',
      }
    }
    if (isSound(`${at}.token`, `${at}.acr`, `${at}.maxAge`)) yield* findUselessLevel(route, index)
    if (isSound(`${at}.webSocket`, `${at}.methods`) && route.webSocket && !route.methods.includes('GET')) {
      yield {
        path: ['routes', index, 'webSocket'],
        refused: 'is true while GET, which every handshake is, is not carried.',
        write: 'GET among the methods, or webSocket: false',
      }
    }
    yield* findUpstreamContradictions(settings, isSound, index)
    yield* findHeaderContradictions(route, isSound, index)
  }
}

function* findUselessLevel({ token, acr, maxAge }: Settings['routes'][number], index: number): Generator<Contradiction> {
  if (token === 'user' || (acr.length === 0 && maxAge === undefined)) return
  yield {
    path: ['routes', index, acr.length > 0 ? 'acr' : 'maxAge'],
    refused: 'demands a kind of sign-in, while nobody has to be signed in.',
    write: 'nothing; or token: user',
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
