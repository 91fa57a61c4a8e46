import { METHODS } from 'node:http'
import { z } from 'zod'
import { headerLines, headerNames, parseCookieName } from './header-settings.ts'
import { parseAcr } from './parse-names.ts'
import { parseRoutePrefix } from './parse-path.ts'
import type { Refusal } from './refusal.ts'
import { refuseRequestDrop, refuseRequestHeader, refuseResponseDrop, refuseResponseHeader } from './refused-headers.ts'
import { duration, flag, listInJson, size, splitList, text, words } from './setting-kinds.ts'
import { addresses, parseServerName } from './upstream-addresses.ts'

const file = () => z.string().min(1).optional()

/** One carried route. */
export const routeSettings = z.strictObject({
  prefix: text(parseRoutePrefix).meta({
    description:
      'What paths of this route begin with; a slash at both ends. The longest prefix that fits wins; without its slash a path is none of it. Our own endpoints are under none.',
    examples: ['/api/'],
  }),
  upstream: addresses().meta({
    description:
      'Where they are carried: the prefix is replaced by the path of this address. http://, https://, or a socket as http+unix:///run/api.sock:/path/. Several addresses of one API as a list, or with | between them.',
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
  acr: words(parseAcr)
    .refine((values) => values.length <= 10 && values.join(' ').length <= 1_000, {
      error: 'is too long to be asked of a provider.',
      params: { write: 'ten at most, of a thousand characters together' },
    })
    .prefault([])
    .meta({
      description:
        "Classes of sign-in (acr) of which one must be the session's; otherwise 403 with a way to sign in so. None: any.",
      examples: [['urn:example:strong']],
    }),
  maxAge: duration('1s', '365d')
    .optional()
    .meta({
      description: 'How long ago the person may have signed in at the provider; otherwise 403 with a way to sign in anew.',
      examples: ['15m'],
    }),
  bodyLimit: size('100GB').prefault('100MB').meta({ description: 'Most bytes of a request body; above it 413.' }),
  connectTimeout: duration('10ms', '5m').prefault('5s').meta({ description: 'For the connection to the upstream.' }),
  headersTimeout: duration('10ms', '1d').prefault('60s').meta({ description: "Until the upstream's answer begins." }),
  bodyTimeout: duration('10ms', '1d').prefault('60s').meta({ description: 'Between two pieces of a body, either way.' }),
  addRequestHeaders: headerLines(refuseRequestHeader)
    .prefault({})
    .meta({
      description: 'Headers for the upstream, by name; they win over what a client sent. Authorization only with token: none.',
      examples: [{ 'X-Api-Key': '${file:/run/secrets/api-key}' }],
      writeOnly: true,
    }),
  dropRequestHeaders: headerNames(refuseRequestDrop)
    .prefault([])
    .meta({ description: 'Headers of clients that the upstream does not get, besides those that none gets.' }),
  addResponseHeaders: headerLines(refuseResponseHeader)
    .prefault({})
    .meta({
      description: "Headers for the page, by name; they win over the upstream's.",
      examples: [{ 'X-Served-By': 'orders' }],
    }),
  dropResponseHeaders: headerNames(refuseResponseDrop)
    .prefault([])
    .meta({ description: 'Headers of the upstream that the page does not get, besides those that none gets.' }),
  cookies: words(parseCookieName)
    .prefault([])
    .meta({
      description:
        'Cookies, each by its name, that the upstream may set below the prefix and is sent. All others are dropped, both ways.',
      examples: [['basket']],
    }),
  cache: z.enum(['never', 'upstream']).prefault('never').meta({
    description:
      "never: no cache keeps an answer. upstream: what its Cache-Control says holds; with token: user for the browser's own cache only.",
  }),
  ca: file().meta({
    description: 'https: file (PEM) of the authority that signed its certificate; then no other is trusted. Read at start.',
    examples: ['/etc/coatcheck/upstream-ca.pem'],
  }),
  certificate: file().meta({
    description: 'https: file (PEM) of the certificate that is shown to the upstream, with what leads to its authority.',
    examples: ['/etc/coatcheck/client.pem'],
  }),
  key: file().meta({ description: 'https: file (PEM) of the key of certificate.', examples: ['/run/secrets/client-key.pem'] }),
  serverName: text(parseServerName)
    .optional()
    .meta({
      description: "https: the name in the upstream's certificate, where it is not its host.",
      examples: ['api.internal'],
    }),
  http2: flag().prefault(false).meta({ description: 'https: whether HTTP/2 is spoken where the upstream offers it.' }),
  webSocket: flag().prefault(false).meta({
    description:
      'Whether WebSockets are carried, from pages of the base URL only; if not, a handshake is a request like any other.',
  }),
})

/** All carried routes, as a list; from a variable also as `prefix=upstream,…`, or as the list in JSON. */
export const routes = z.preprocess(readRoutes, z.array(routeSettings))

/** The list of routes as it was written, whatever is in it; what is no list is left for the schema to refuse. */
export function readRoutes(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.trim() === '') return []
  if (value.trimStart().startsWith('[')) return listInJson(value)
  return splitList(value).map((item) => {
    const [prefix, ...rest] = item.split('=')
    return rest.length === 0 ? { prefix } : { prefix, upstream: rest.join('=') }
  })
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
