import { z } from 'zod'
import { adminSettings } from './admin-settings.ts'
import { checkContradictions } from './contradictions.ts'
import { eventsSettings } from './events-settings.ts'
import { forwardAuthSettings } from './forward-auth-settings.ts'
import { drainSettings } from './drain-settings.ts'
import { parseBaseUrl } from './parse-base-url.ts'
import { parseListenAddress } from './parse-listen-address.ts'
import { parseOwnPrefix } from './parse-path.ts'
import { parseStoreUrl } from './parse-store-url.ts'
import { parseTrustedProxy } from './parse-trusted-proxy.ts'
import { parseSentinelPassword, parseServerKey } from './parse-secrets.ts'
import { providerSettings } from './provider-settings.ts'
import { routes } from './route-settings.ts'
import { sessionSettings } from './session-settings.ts'
import { duration, integer, splitList, text, words, workerCount } from './setting-kinds.ts'
import { webSocketSettings } from './web-socket-settings.ts'

/**
 * The single source of what can be configured: parsing, variables, the editors' schema and the tests of the documented default all
 * read this. A section is one level deep; `writeOnly` marks secrets, which are also read from files; `prefault` is a default as a
 * user would write it.
 */
export const sections = {
  provider: providerSettings,
  store: z.strictObject({
    url: text(parseStoreUrl).meta({
      description:
        'Where sessions live: redis://, rediss:// (TLS), redis+sentinel://, unix:///path, or memory: (lost with the process). No default.',
      examples: ['redis://localhost:6379'],
      writeOnly: true,
    }),
    passwordFile: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          'File that holds the password of Redis, read anew for each connection, so that it may be rotated. The URL then holds none.',
        examples: ['/run/secrets/redis-password'],
      }),
    sentinelPassword: text(parseSentinelPassword)
      .optional()
      .meta({
        description: 'Password that the sentinels ask for themselves, where they do.',
        examples: ['${file:/run/secrets/sentinel-password}'],
        writeOnly: true,
      }),
    deadline: duration('10ms', '30s')
      .prefault('500ms')
      .meta({ description: 'Nothing waits longer than this for one answer of the store.' }),
    outageGrace: duration('0s', '5m').prefault('10s').meta({
      description:
        'How long cached sessions carry on while Redis does not answer; also how long an ended one can live on meanwhile.',
    }),
    mostRecords: integer(10, 10_000_000).prefault(100_000).meta({
      description: 'memory: only. Above it new logins are refused; nothing is evicted.',
    }),
  }),
  webSockets: webSocketSettings,
  events: eventsSettings,
  session: sessionSettings,
  login: z.strictObject({
    timeout: duration('1s', '1h').prefault('10m').meta({ description: 'How long a person may take to sign in.' }),
    mostOpen: integer(1, 20).prefault(20).meta({ description: 'Logins that one browser may have open at once.' }),
    mostPerMinutePerAddress: integer(1, 1_000_000)
      .prefault(120)
      .meta({ description: 'Login attempts a minute from one address; above it 429.' }),
    mostPerMinutePerBrowser: integer(1, 1_000_000)
      .prefault(60)
      .meta({ description: 'Login attempts a minute from one browser; above it 429.' }),
  }),
  forwardAuth: forwardAuthSettings,
  log: z.strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).prefault('info').meta({
      description: 'Least level that is written, as JSON lines on standard output.',
    }),
    carried: z.enum(['all', 'failures']).prefault('failures').meta({
      description: 'Which carried requests get a line: all, or failures only (nginx logs the others).',
    }),
  }),
  drain: drainSettings,
  admin: adminSettings,
}

/** The whole of it; a file or the environment is parsed by this, contradictions included. */
export const settings = z
  .strictObject({
    baseUrl: text(parseBaseUrl).meta({
      description: 'What browsers see: scheme, host and port, nothing more. The redirect URI is <baseUrl>/bff/callback.',
      examples: ['https://app.example.com'],
    }),
    prefix: text(parseOwnPrefix).prefault('/bff').meta({ description: "Prefix of the gateway's own endpoints." }),
    listen: text(parseListenAddress)
      .prefault('127.0.0.1:8080')
      .meta({ description: 'Public listener; nginx sends requests here.' }),
    privateListen: text(parseListenAddress).prefault('127.0.0.1:9090').meta({
      description: 'Private listener: health, metrics. Never reachable from outside.',
    }),
    provider: sections.provider,
    secrets: z
      .preprocess(
        (value) => (typeof value === 'string' ? splitList(value) : value),
        z.tuple([text(parseServerKey)], text(parseServerKey)),
      )
      .meta({
        description: 'Server keys, 43 characters or more each: the first signs and seals, all verify and open.',
        examples: ['${file:/run/secrets/coatcheck-secrets}'],
        writeOnly: true,
      }),
    store: sections.store,
    routes: routes.prefault([]).meta({ description: 'What is carried where.' }),
    webSockets: sections.webSockets,
    events: sections.events,
    session: sections.session,
    login: sections.login,
    trustedProxies: words(parseTrustedProxy)
      .prefault([])
      .meta({
        description: "Peers (addresses or networks) whose forwarding headers count; default: nobody's.",
        examples: [['127.0.0.1/32']],
      }),
    forwardAuth: sections.forwardAuth,
    workers: workerCount().prefault(1).meta({
      description: 'Processes that serve together on this machine: a number, or auto for one per processor. Needs Redis.',
    }),
    log: sections.log,
    drain: sections.drain,
    admin: sections.admin,
    static: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'Folder of the page, to serve it too. Left out: nginx serves it.',
        examples: ['./public'],
      }),
  })
  .superRefine(checkContradictions, { when: () => true })

export type Settings = z.output<typeof settings>
