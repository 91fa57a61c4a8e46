import { randomBytes } from 'node:crypto'
import { Agent, request as send, type IncomingHttpHeaders } from 'node:http'
import { type Browser, createBrowser } from './browser.ts'
import { findFreePort } from './free-port.ts'
import { metricOf } from './metric-of.ts'
import { type GatewayProcess, startProcess } from './gateway-process.ts'
import { type ProviderOptions, startProvider, type TestProvider } from './provider.ts'
import { until } from './until.ts'
import { startUpstream, type Upstream } from './upstream.ts'

/** One of several gateways that share a store, as a process of its own. */
export interface Instance {
  readonly process: GatewayProcess
  readonly port: number
  readonly privateUrl: string
  /** The value of a metric, 0 where it was never counted; summed over labels that are not named. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
}

/** What a call came to; status 0: it was given up, or the connection broke. */
export interface Called {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface How {
  readonly method?: string
  /** Milliseconds after which it is given up. */
  readonly givenUpAfter?: number
  /** What it is given up at, if it is still under way then. */
  readonly givenUpAt?: Promise<unknown>
}

/** Several gateway processes on one store, a certified provider and an API, behind one base URL. */
export interface Cluster {
  readonly origin: string
  readonly provider: TestProvider
  readonly upstream: Upstream
  readonly instances: readonly Instance[]
  /** Signs somebody in at the first instance, in a new browser unless one is given; what comes back is the session's cookie header. */
  readonly signIn: (account?: string, browser?: Browser) => Promise<string>
  /** Calls an instance as a script of the page would. */
  readonly call: (instance: number, cookie: string, path?: string, how?: How) => Promise<Called>
  /** One more instance, which the others do not know of; with settings of its own, where there are some. */
  readonly join: (env?: Readonly<Record<string, string>>) => Promise<Instance>
  readonly stop: () => Promise<void>
}

interface Choice {
  readonly store: string
  readonly instances?: number
  readonly provider?: ProviderOptions
  readonly env?: Readonly<Record<string, string>>
  /** What is carried, for those whom `/api/` does not suffice, by the upstream's origin. */
  readonly routes?: (upstream: string) => readonly object[]
  /** Whether the provider knows the back channel. */
  readonly backchannel?: boolean
}

export async function startCluster({
  store,
  instances: count = 3,
  provider: options = {},
  env = {},
  routes,
  backchannel = false,
}: Choice): Promise<Cluster> {
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const provider = await startProvider({
    appOrigins: [origin],
    idTokenAlgorithm: 'ES256',
    ...(backchannel && { backchannelLogoutUri: `${origin}/bff/backchannel-logout` }),
    ...options,
  })
  const upstream = await startUpstream()
  const shared = {
    COATCHECK_BASE_URL: origin,
    COATCHECK_PRIVATE_LISTEN: '127.0.0.1:0',
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_ID: provider.clientId,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_SECRETS: randomBytes(32).toString('base64url'),
    COATCHECK_STORE: store,
    COATCHECK_ROUTES: routes ? JSON.stringify(routes(upstream.origin)) : `/api/=${upstream.origin}/`,
    COATCHECK_DRAIN_DELAY: '0s',
    ...env,
  }
  const host = new URL(origin).host
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  const running: Instance[] = []

  async function start(listen: string, own: Readonly<Record<string, string>> = {}): Promise<Instance> {
    const started = startProcess({ ...shared, ...own, COATCHECK_LISTEN: listen })
    const { port: at, privateUrl } = await started.listening()
    await until('the instance is ready', async () => (await fetch(`${privateUrl}/readyz`)).status === 200)
    const metric = async (name: string, labels: Readonly<Record<string, string>> = {}) =>
      metricOf(await (await fetch(`${privateUrl}/metrics`)).text(), name, labels)
    const instance = { process: started, port: at, privateUrl, metric }
    running.push(instance)
    return instance
  }
  await Promise.all(Array.from({ length: count }, (_, index) => start(index === 0 ? `127.0.0.1:${port}` : '127.0.0.1:0')))
  running.sort((one, other) => Number(other.port === port) - Number(one.port === port))

  return {
    origin,
    provider,
    upstream,
    instances: running,

    async signIn(account = 'alice', browser = createBrowser()) {
      await browser.navigate(`${origin}/`)
      await browser.navigate(`${origin}/bff/login?returnTo=/&loginHint=${account}`, { from: `${origin}/` })
      const cookie = browser.cookie('coatcheck')
      if (!cookie) throw new Error(`The sign-in ended at ${browser.page?.url}: ${browser.page?.text}`)
      return `${cookie.name}=${cookie.value}`
    },

    call: (instance, cookie, path = '/api/x', { method = 'GET', givenUpAfter, givenUpAt } = {}) =>
      new Promise((resolve) => {
        const headers = { Host: host, Cookie: cookie, 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin' }
        const asked = send({ agent, host: '127.0.0.1', port: running[instance]?.port, method, path, headers }, (answer) => {
          let body = ''
          answer.setEncoding('utf8').on('data', (piece: string) => (body += piece))
          answer.on('error', giveUp)
          answer.on('end', () => {
            clearTimeout(patience)
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body })
          })
        })
        const patience = givenUpAfter === undefined ? undefined : setTimeout(() => asked.destroy(), givenUpAfter)
        void givenUpAt?.then(() => asked.destroy())
        function giveUp(): void {
          clearTimeout(patience)
          resolve({ status: 0, headers: {}, body: '' })
        }
        asked.on('error', giveUp).end()
      }),

    join: (own) => start('127.0.0.1:0', own),

    async stop() {
      agent.destroy()
      for (const { process } of running) process.kill('SIGTERM')
      await Promise.all(running.map(({ process }) => process.ended))
      await Promise.all([provider.stop(), upstream.close()])
    },
  }
}
