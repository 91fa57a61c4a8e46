import type { Contradiction, IsSound } from './contradictions.ts'
import type { Settings } from './settings.ts'

/** What is wrong between a route's headers, cookies and caching, and between them and who is served there. */
export function* findHeaderContradictions(
  route: Settings['routes'][number],
  isSound: IsSound,
  index: number,
): Generator<Contradiction> {
  const at = (...names: readonly string[]) => names.map((name) => `routes.${index}.${name}`)
  for (const [add, drop] of [
    ['addRequestHeaders', 'dropRequestHeaders'],
    ['addResponseHeaders', 'dropResponseHeaders'],
  ] as const) {
    if (!isSound(...at(add, drop))) continue
    const dropped = new Set(route[drop])
    if (!route[add].some(([name]) => dropped.has(name.toLowerCase()))) continue
    yield {
      path: ['routes', index, drop],
      refused: `drops a header that ${add} adds.`,
      write: 'each header in one of the two; what is added wins over what came anyway',
    }
  }
  if (isSound(...at('addRequestHeaders', 'token')) && route.token !== 'none' && setsAuthorization(route.addRequestHeaders)) {
    yield {
      path: ['routes', index, 'addRequestHeaders'],
      refused: "sets Authorization, where the person's token goes.",
      write: 'another header; or token: none, if the API knows this gateway only',
    }
  }
  if (!isSound(...at('cookies')) || route.cookies.length === 0) return
  if (isSound(...at('proof')) && route.proof === 'none') {
    yield {
      path: ['routes', index, 'proof'],
      refused: 'is none while cookies are carried: any site could act by them.',
      write: 'header or same-origin; or no cookies',
    }
  }
  if (isSound(...at('cache', 'token')) && route.cache === 'upstream' && route.token === 'none') {
    yield {
      path: ['routes', index, 'cache'],
      refused: 'lets shared caches keep answers, while cookies make them personal.',
      write: 'never; or no cookies',
    }
  }
}

function setsAuthorization(lines: readonly (readonly [name: string, value: string])[]): boolean {
  return lines.some(([name]) => name.toLowerCase() === 'authorization')
}
