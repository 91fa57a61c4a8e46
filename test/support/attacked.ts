import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Exchange, exchangeOfBrowser, exchangeOnWire } from './attack-exchange.ts'
import { ATTACK_EMAIL, attackSettings } from './attack-settings.ts'
import { keyOfProvider, launcherOf, originOfRunning, portsOfOthers, type Target } from './attack-target.ts'
import { type Address, requestBytes, speak, type WireAnswer } from './attack-wire.ts'
import { type Browser, createBrowser } from './browser.ts'
import { createCertificateAuthority } from './certificates.ts'
import { findFreePorts } from './free-port.ts'
import type { LaunchedGateway } from './launched-gateway.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { type RecordingLine, startRecordingLine } from './recording-line.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { type Begun, startTogether } from './stops.ts'
import { until } from './until.ts'
import { startUpstream, type Upstream } from './upstream.ts'

const HOST = 'app.shop.test'
const PAGE = fileURLToPath(new URL('../e2e/page', import.meta.url))

/** A gateway under attack, seen from outside: what it is spoken to, its provider and the API behind it, both of which do as told. */
export interface Attacked extends Address {
  readonly target: Target
  readonly host: string
  /** Whether nginx brings calls to the API by itself, and keeps a decision for a moment. */
  readonly isCarriedByNginx: boolean
  readonly cookieName: string
  readonly provider: ScriptedProvider
  readonly upstream: Upstream
  readonly newBrowser: () => Browser
  /** One that has the cookies of another, which may have them of a gateway beside this one. */
  readonly sameBrowser: (browser: Browser) => Browser
  /** Signs in from the application's page; answers where the sign-in ends. */
  readonly signIn: (browser: Browser, returnTo?: string) => ReturnType<Browser['navigate']>
  readonly signedIn: () => Promise<Browser>
  /** The header lines of a call by a page in which this browser's person is signed in. */
  readonly linesOf: (browser: Browser) => readonly string[]
  /** Starts a sign-in and comes back from the provider: the address of the callback, not opened yet. */
  readonly upToCallback: (browser: Browser, returnTo?: string) => Promise<string>
  /** Sends one request, its target and lines exactly as they are. */
  readonly ask: (method: string, target: string, lines?: readonly string[], body?: string) => Promise<WireAnswer>
  /** Sends exactly these bytes. */
  readonly say: (bytes: string) => Promise<WireAnswer>
  /** Every answer that its own origin has given so far, but for those that `attack-wire.ts` and `browser.ts` had no hand in. */
  readonly exchanges: readonly Exchange[]
  /** Everything that gateway and nginx have logged, by whose it is; empty where the gateway is somebody else's. */
  readonly logs: () => Promise<Readonly<Record<string, string>>>
  /** All that was said between gateway and Redis, line by line; empty where it has none, or is somebody else's. */
  readonly stored: () => readonly string[]
  /** As a list of processes has it; empty where the gateway is somebody else's. */
  readonly commandLine: () => Promise<string>
  /** Empty where the gateway is somebody else's. */
  readonly privateUrl: string
  readonly settings: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

/** Others that a test has started already, for a gateway beside the first one. */
interface Others {
  readonly provider?: ScriptedProvider
  readonly upstream?: Upstream
}

/** Starts whatever of a target is not there yet. With `settings` besides the usual ones, where this run may start gateways. */
export async function startAttacked(
  target: Target,
  settings: Readonly<Record<string, string>> = {},
  others: Others = {},
): Promise<Attacked> {
  const isRunning = target === 'url'
  const ports = isRunning ? portsOfOthers() : { providerPort: 0, upstreamPort: 0 }

  return startTogether(async (begun) => {
    const upstream =
      others.upstream ??
      // An API that repeats the token it was sent gives it away by itself.
      begun(await startUpstream({}, { port: ports.upstreamPort, host: '127.0.0.1' }, ['authorization']), (started) =>
        started.close(),
      )
    const provider =
      others.provider ??
      begun(
        await startScriptedProvider({ port: ports.providerPort, claims: { email: ATTACK_EMAIL }, ...keyOfProvider() }),
        (started) => started.stop(),
      )
    // It listens before free ports are looked for, lest it be given one of them.
    const line = isRunning ? undefined : await startLine(settings['COATCHECK_STORE'] ?? '', begun)
    const [listens = 0, decides = 0] = await findFreePorts(2)
    const front = target.startsWith('nginx')
      ? await startFront(target, { listens, decides, api: upstream.port }, begun)
      : undefined
    const origin = isRunning ? originOfRunning() : (front?.nginx.origin ?? `http://localhost:${listens}`)
    const variables = {
      ...attackSettings(origin, { ...provider, upstreamOrigin: upstream.origin }),
      COATCHECK_LISTEN: `127.0.0.1:${listens}`,
      COATCHECK_DRAIN_DELAY: '0s',
      ...(front === undefined ? {} : { COATCHECK_TRUSTED_PROXIES: '127.0.0.1' }),
      ...(target === 'nginx-auth-request' && {
        COATCHECK_FORWARD_AUTH_LISTEN: `127.0.0.1:${decides}`,
        COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1',
      }),
      ...settings,
    }
    const gateway = isRunning
      ? undefined
      : begun(await launcherOf(target)({ ...variables, COATCHECK_STORE: line?.url ?? variables.COATCHECK_STORE }), (started) =>
          started.stop(),
        )
    const attacked = describeAttacked(target, variables, { provider, upstream, gateway, front, line })
    if (isRunning) await until('the gateway has found its provider', async () => hasFoundProvider(attacked))
    return attacked
  })
}

interface Line extends RecordingLine {
  readonly url: string
}

/** To a Redis, since all that is kept there has to be searched. */
async function startLine(store: string, begun: Begun): Promise<Line | undefined> {
  if (!store.startsWith('redis://')) return undefined
  const url = new URL(store)
  const line = begun(await startRecordingLine(Number(url.port)), (started) => started.stop())
  url.port = String(line.port)
  return { ...line, url: url.href }
}

interface Front {
  readonly nginx: Nginx
  readonly certificate: string
}

async function startFront(
  target: Target,
  ports: { readonly listens: number; readonly decides: number; readonly api: number },
  begun: Begun,
): Promise<Front> {
  const folder = begun(await mkdtemp(join(tmpdir(), 'coatcheck-attack-')), (path) => rm(path, { recursive: true }))
  const authority = await createCertificateAuthority(folder)
  const carries = { decides: `127.0.0.1:${ports.decides}`, api: `127.0.0.1:${ports.api}` }
  const options = {
    serverName: HOST,
    certificate: await authority.issue(HOST),
    page: PAGE,
    gateway: `127.0.0.1:${ports.listens}`,
    ...(target === 'nginx-auth-request' ? { carries } : {}),
  }
  const nginx = begun(await startNginx(options), (started) => started.stop())
  return { nginx, certificate: authority.certificate }
}

interface Parts {
  readonly provider: ScriptedProvider
  readonly upstream: Upstream
  readonly gateway: LaunchedGateway | undefined
  readonly front: Front | undefined
  readonly line: Line | undefined
}

function describeAttacked(
  target: Target,
  settings: ReturnType<typeof attackSettings> & { readonly COATCHECK_LISTEN: string },
  { provider, upstream, gateway, front, line }: Parts,
): Omit<Attacked, 'stop'> {
  const origin = settings.COATCHECK_BASE_URL
  const { host, hostname, port, protocol } = new URL(origin)
  // Several gateways may have one base URL: where nothing stands before them, each is spoken to where it listens.
  const ownPort = front === undefined && gateway !== undefined ? settings.COATCHECK_LISTEN.split(':')[1] : port
  const at = {
    host: target !== 'url' || hostname === 'localhost' ? '127.0.0.1' : hostname,
    port: Number(ownPort === '' ? (protocol === 'https:' ? 443 : 80) : ownPort),
  }
  const address = { origin, at, certificate: front?.certificate }
  const cookieName = protocol === 'https:' ? '__Host-Http-coatcheck' : 'coatcheck'
  const loginAddress = (returnTo: string): string => `${origin}/bff/login?returnTo=${encodeURIComponent(returnTo)}`
  const exchanges: Exchange[] = []
  const newBrowser = (): Browser =>
    createBrowser({
      ...(front === undefined ? {} : { ca: front.certificate }),
      hosts: { [hostname]: { ...at } },
      tells(method, answer) {
        if (new URL(answer.url).origin === origin) exchanges.push(exchangeOfBrowser(method, answer))
      },
    })
  async function say(bytes: string): Promise<WireAnswer> {
    const answer = await speak(address, bytes)
    exchanges.push(exchangeOnWire(origin, bytes, answer))
    return answer
  }
  const signIn = (browser: Browser, returnTo = '/') => browser.navigate(loginAddress(returnTo), { from: `${origin}/` })

  return {
    ...address,
    target,
    host,
    isCarriedByNginx: target === 'nginx-auth-request',
    cookieName,
    provider,
    upstream,
    newBrowser,
    sameBrowser(browser) {
      const same = newBrowser()
      for (const cookie of browser.jar.all()) same.jar.put(cookie)
      return same
    },
    signIn,
    async signedIn() {
      const browser = newBrowser()
      const { status, text } = await signIn(browser)
      if (browser.cookie(cookieName) === undefined) throw new Error(`The sign-in ended with ${status}: ${text}`)
      return browser
    },
    linesOf: (browser) => [
      `Cookie: ${cookieName}=${browser.cookie(cookieName)?.value ?? ''}`,
      'X-CSRF: 1',
      'Sec-Fetch-Site: same-origin',
    ],
    async upToCallback(browser, returnTo = '/') {
      const begun = await browser.navigate(loginAddress(returnTo), { from: `${origin}/`, follow: false })
      if (begun.status !== 303) throw new Error(`The sign-in did not begin: ${begun.status} ${begun.text}`)
      return `${origin}/bff/callback?${(await provider.authorize(begun.headers.location ?? '')).toString()}`
    },
    ask: (method, path, lines, body) => say(requestBytes(host, method, path, lines, body)),
    say,
    exchanges,
    logs: async () => ({ 'the gateway': gateway?.logText() ?? '', nginx: (await front?.nginx.log()) ?? '' }),
    stored: () => line?.lines() ?? [],
    commandLine: async () => (await gateway?.commandLine()) ?? '',
    privateUrl: gateway?.privateUrl ?? '',
    settings,
  }
}

async function hasFoundProvider({ newBrowser, origin }: Omit<Attacked, 'stop'>): Promise<boolean> {
  const begun = await newBrowser().navigate(`${origin}/bff/login`, { follow: false })
  return begun.status === 303
}
