import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { GatewayError } from '../../../src/errors.ts'
import { createRouteTable, type MatchedRoute, upstreamTarget } from '../../../src/proxy/match-route.ts'
import { routeTo } from '../../support/carrying-lane.ts'
import { decodeOnce, hostileText } from '../pieces.ts'
import { defineTarget } from '../target.ts'

/** One prefix under another, with another path at the upstream: what holds for one may not hold for its neighbour. */
const PREFIXES = ['/api/', '/api/admin/', '/api/admin/open/', '/open/', '/Open/er/']
const match = createRouteTable(PREFIXES.map((prefix) => routeTo('http://upstream.test', { prefix, path: `/there${prefix}` })))

/** What a path of a request is put together from. */
export const WORDS_OF_A_PATH = [
  ['.', '..', '/', '\\', ';', '?', '#', '%', '@', ':', '//', '/./', '/../', ' ', '\t', '\x00', '\r', '\n', '\x7f', '\x85'],
  ['\xc0\xae', '\xc0\xaf', '\xe0\x80\xaf', '\xf0\x80\x80\xaf', '\u00ff', 'a', 'B', '~', 'é', '"', '<', '^', '`', '{', '|', '['],
  ['%2E', '%2e', '%2F', '%5C', '%3b', '%3F', '%23', '%25', '%00', '%0d%0a', '%u002e', '%zz', '%2', '%c2%85', '%e4%ba%ac', '%ff'],
  ['/x', '/y/', ';v=1', '?q=/../', 'admin', 'ADMIN', 'open', 'api', '/api/', 'bff', '%61dmin', '%41dmin', 'er', '..;/', '.%2e'],
].flat()

/** H-05, H-09, H-62: the decision alone, a hundred thousand times a minute. */
export const requestTargets = defineTarget<string>({
  name: 'request-targets',
  promise:
    'the path that a route was chosen by is the path that the upstream is asked for, in every reading of it, or the answer is 400',
  inputs: fc
    .tuple(
      fc.constantFrom('', ...PREFIXES, '/api/', '/api/admin/', '/API/', '//api/', '/bff/../api/'),
      hostileText(WORDS_OF_A_PATH, 8),
    )
    .map(([start, rest]) => start + rest),
  few: 20_000,
  prepare: async () => ({ attempt, stop: async () => undefined }),
})

function attempt(target: string): void {
  const route = match(target)
  if (route === undefined) return
  const asked = targetFor(target, route)
  if (asked === undefined) return
  assert.equal(asked, `/there${target}`)
  const [path = ''] = target.split('?', 1)
  assert.equal(new URL(`http://upstream.test${path}`).pathname, path)
  for (let reading = path, times = 0; times < 6; times += 1, reading = decodeOnce(reading)) {
    assert.doesNotMatch(reading, /\/\.{1,2}(?:[/;?#]|$)|\/\/|\\|[\x00-\x1f\x7f]|%2f|%5c/i)
    assert.ok(reading.startsWith(route.config.prefix), 'leaves its route once it is decoded')
    // An upstream that knows no case, or passes parameters over, sees no stricter neighbour.
    const folded = reading.replaceAll(/;[^/]*/g, '').toLowerCase()
    for (const prefix of PREFIXES) {
      const isStricter: boolean = prefix.startsWith(route.config.prefix) && prefix !== route.config.prefix
      assert.ok(!isStricter || !folded.startsWith(prefix.toLowerCase()), `reads as ${prefix}`)
    }
  }
}

function targetFor(target: string, route: MatchedRoute): string | undefined {
  try {
    return upstreamTarget(target, route)
  } catch (error) {
    assert.ok(error instanceof GatewayError && error.code === 'target_not_canonical', String(error))
    return undefined
  }
}
