import type { TestGateway } from './gateway.ts'
import { openRaw, type RawConnection } from './raw-client.ts'
import type { RawMessage } from './raw-messages.ts'
import { type RawUpstream, startRawUpstream } from './raw-upstream.ts'
import { tellScriptedStory } from './story.ts'

/** The whole gateway between bytes and bytes, with somebody signed in. */
export interface ExactGateway {
  readonly gateway: TestGateway
  readonly host: string
  readonly upstream: RawUpstream
  /** The cookie of whoever is signed in, `name=value`. */
  readonly cookie: string
  /** A connection to the gateway. */
  open(): Promise<RawConnection>
  /** Sends exactly these bytes, and resolves with all that comes until the gateway closes. `{host}` and `{cookie}` are filled in. */
  say(bytes: string): Promise<string>
  /** The same for a signed-in request without a body: its first line and header lines besides `Host`, `Cookie`, `X-CSRF` and `Connection: close`. */
  ask(first: string, ...lines: readonly string[]): Promise<string>
  /** Asks in the same way, and gives what came of it upstream; fails where nothing did. */
  carried(first: string, ...lines: readonly string[]): Promise<RawMessage>
  /** What an answer of the upstream comes to for a browser. */
  answered(answer: string, first?: string): Promise<string>
  stop(): Promise<void>
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']

/**
 * Starts it with three routes: `/api/` for who is signed in, `/open/` for everybody, `/read/` for GET alone. Each ends at
 * the raw upstream, below the path of its own name.
 */
export async function startExactGateway(
  settings: Readonly<Record<string, unknown>> = {},
  moreRoutes: (upstream: RawUpstream) => readonly Readonly<Record<string, unknown>>[] = () => [],
): Promise<ExactGateway> {
  const upstream = await startRawUpstream()
  const anybody = { token: 'none', proof: 'none' }
  const routes = [
    { prefix: '/api/', upstream: `${upstream.origin}/api/`, methods: METHODS, ...settings },
    { prefix: '/open/', upstream: `${upstream.origin}/open/`, methods: METHODS, ...anybody, ...settings },
    { prefix: '/read/', upstream: `${upstream.origin}/read/`, methods: ['GET'], ...anybody },
    ...moreRoutes(upstream),
  ]
  const story = await tellScriptedStory({ COATCHECK_ROUTES: JSON.stringify(routes) })
  const { gateway } = story
  const person = await story.signedIn()
  const { host } = new URL(gateway.origin)
  const cookie = `coatcheck=${person.cookie('coatcheck')?.value ?? ''}`
  const fillIn = (bytes: string) => bytes.replaceAll('{host}', host).replaceAll('{cookie}', cookie)

  async function open(): Promise<RawConnection> {
    const connection = await openRaw(gateway.port)
    return { ...connection, write: (bytes) => connection.write(fillIn(bytes)) }
  }

  async function say(bytes: string): Promise<string> {
    const connection = await open()
    connection.write(bytes)
    return connection.closed()
  }

  function ask(first: string, ...lines: readonly string[]): Promise<string> {
    return say([first, 'Host: {host}', 'Cookie: {cookie}', 'X-CSRF: 1', 'Connection: close', ...lines, '', ''].join('\r\n'))
  }

  return {
    gateway,
    host,
    upstream,
    cookie,
    open,
    say,
    ask,
    async carried(first, ...lines) {
      const before = upstream.messages().length
      const answer = await ask(first, ...lines)
      if (upstream.messages().length !== before + 1) throw new Error(`it was not carried once: ${answer}`)
      return upstream.last()
    },
    answered(answer, first = 'GET /api/scripted HTTP/1.1') {
      upstream.answer('/api/scripted', answer)
      return ask(first)
    },
    async stop() {
      await story.stop()
      await upstream.close()
    },
  }
}
