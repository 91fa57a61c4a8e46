import { METHODS } from 'node:http'
import { z } from 'zod'
import { parseRoutePrefix } from './parse-path.ts'
import { parseUpstream } from './parse-upstream.ts'
import type { Refusal } from './refusal.ts'
import { duration, size, splitList, text, words } from './setting-kinds.ts'

/** One carried route. */
export const routeSettings = z.strictObject({
  prefix: text(parseRoutePrefix).meta({
    description:
      'What paths of this route begin with; a slash at both ends. The longest prefix that fits wins. Our own endpoints are under none.',
    examples: ['/api/'],
  }),
  upstream: text(parseUpstream).meta({
    description: 'Where they are carried: the prefix is replaced by the path of this address.',
    examples: ['http://localhost:3000/'],
  }),
  methods: words(parseMethod, 1)
    .prefault(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .meta({ description: 'Methods that are carried; any other is answered with 405.' }),
  proof: z.enum(['header', 'same-origin', 'none']).prefault('header').meta({
    description:
      'What a request must show besides the cookie: header (X-CSRF: 1), same-origin (Sec-Fetch-Site, for downloads, images, event streams), none.',
  }),
  token: z.enum(['user', 'none']).prefault('user').meta({
    description: 'user: a session is needed and its access token is attached. none: neither.',
  }),
  bodyLimit: size('100GB').prefault('100MB').meta({ description: 'Most bytes of a request body; above it 413.' }),
  connectTimeout: duration('10ms', '5m').prefault('5s').meta({ description: 'For the connection to the upstream.' }),
  headersTimeout: duration('10ms', '1d').prefault('60s').meta({ description: "Until the upstream's answer begins." }),
  bodyTimeout: duration('10ms', '1d').prefault('60s').meta({ description: 'Between two pieces of a body, either way.' }),
})

/** All carried routes, as a list; from a variable also as `prefix=upstream,…`, or as the list in JSON. */
export const routes = z.preprocess(readText, z.array(routeSettings))

function readText(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.trim() === '') return []
  if (value.trimStart().startsWith('[')) return readJson(value)
  return splitList(value).map((item) => {
    const [prefix, ...rest] = item.split('=')
    return rest.length === 0 ? { prefix } : { prefix, upstream: rest.join('=') }
  })
}

function readJson(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    // Left as it is, so that the schema says that this is no list.
    return value
  }
}

function parseMethod(word: string): string | Refusal {
  if (word === 'TRACE' || word === 'CONNECT') {
    return {
      refused: 'is never carried: TRACE shows the token to the page, CONNECT opens a tunnel.',
      write: 'the other methods only',
    }
  }
  if (METHODS.includes(word)) return word
  return { refused: 'is not a method.', write: 'methods in capital letters, such as GET, HEAD, POST, PUT, PATCH, DELETE' }
}
