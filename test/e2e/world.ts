import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext } from 'playwright-core'
import { createCertificateAuthority } from '../support/certificates.ts'
import { startChromium } from '../support/chromium.ts'
import { findFreePort } from '../support/free-port.ts'
import { type GatewayProcess, startProcess } from '../support/gateway-process.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { startProvider, type TestProvider } from '../support/provider.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { startTogether } from '../support/stops.ts'
import { until } from '../support/until.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { startSibling } from './sibling-host.ts'

const APP = 'app.shop.test'
/** On the same site as the app, in somebody else's hands. */
const SIBLING = 'evil.shop.test'
/** On another site. */
const IDP = 'idp.other.test'
/** On a third one, in somebody else's hands too. */
const STRANGER = 'bad.elsewhere.test'

/** Everything that a person's request passes, for real: Chromium, nginx with the shipped file, the gateway, Redis, a provider, an API. */
export interface World {
  readonly origin: string
  readonly siblingOrigin: string
  readonly strangerOrigin: string
  readonly provider: TestProvider
  readonly redis: RedisServer
  readonly api: Upstream
  readonly nginx: Nginx
  /** What the gateway was given to keep. */
  readonly secrets: { readonly clientSecret: string; readonly serverKey: string }
  readonly newPerson: () => Promise<BrowserContext>
  readonly gateway: () => GatewayProcess
  /** Ends the gateway and resolves when nobody listens in its place. */
  readonly stopGateway: () => Promise<void>
  readonly startGateway: () => Promise<void>
  readonly stop: () => Promise<void>
}

interface WorldOptions {
  /** How long an access token is good. */
  readonly accessTokenSeconds?: number
  /** Variables of the gateway, besides those that this world needs. */
  readonly variables?: Readonly<Record<string, string>>
}

/** Starts it all on free ports of 127.0.0.1, under hosts that the browser and the gateway find there. */
export async function startWorld({ accessTokenSeconds = 3600, variables = {} }: WorldOptions = {}): Promise<World> {
  return startTogether(async (begun) => {
    const folder = begun(await mkdtemp(join(tmpdir(), 'coatcheck-e2e-')), (path) => rm(path, { recursive: true }))
    const authority = await createCertificateAuthority(folder)
    const gatewayAddress = `127.0.0.1:${await findFreePort()}`
    const api = begun(await startUpstream(), (started) => started.close())
    const redis = begun(await startRedis(), (started) => started.stop())
    const page = fileURLToPath(new URL('page', import.meta.url))
    const certificate = await authority.issue(APP)
    const nginx = begun(await startNginx({ serverName: APP, certificate, page, gateway: gatewayAddress }), (started) =>
      started.stop(),
    )
    const secrets = { clientSecret: randomBytes(32).toString('base64url'), serverKey: randomBytes(32).toString('base64url') }
    const { certificate: cert, key } = await authority.issue(IDP)
    const provider = begun(
      await startProvider({
        host: IDP,
        https: { cert, key },
        appOrigins: [nginx.origin],
        interactive: 'page',
        accessTokenSeconds,
        clientSecret: secrets.clientSecret,
      }),
      (started) => started.stop(),
    )
    const sibling = await startSibling(SIBLING, await authority.issue(SIBLING))
    begun(sibling, (started) => started.stop())
    const stranger = await startSibling(STRANGER, await authority.issue(STRANGER))
    begun(stranger, (started) => started.stop())

    const env = {
      COATCHECK_BASE_URL: nginx.origin,
      COATCHECK_LISTEN: gatewayAddress,
      COATCHECK_PRIVATE_LISTEN: '127.0.0.1:0',
      COATCHECK_ISSUER: provider.issuer,
      COATCHECK_CLIENT_ID: provider.clientId,
      COATCHECK_CLIENT_SECRET: secrets.clientSecret,
      COATCHECK_SECRETS: secrets.serverKey,
      COATCHECK_STORE: redis.url,
      COATCHECK_ROUTES: JSON.stringify([
        { prefix: '/api/', upstream: `${api.origin}/` },
        // For what can set no header: event streams and WebSockets.
        { prefix: '/api/live/', upstream: `${api.origin}/`, proof: 'same-origin', webSocket: true },
      ]),
      COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32',
      COATCHECK_DRAIN_DELAY: '0s',
      NODE_EXTRA_CA_CERTS: authority.file,
      NODE_OPTIONS: `--import=${new URL('resolve-hosts.ts', import.meta.url).href}`,
      ...variables,
    }
    let gateway = await startReady(env)
    const stopGateway = async (): Promise<void> => {
      gateway.kill('SIGTERM')
      await gateway.ended
    }
    begun(undefined, stopGateway)
    const chromium = begun(
      await startChromium({ hosts: [APP, SIBLING, IDP, STRANGER], trust: authority.fingerprint }),
      (started) => started.close(),
    )

    return {
      origin: nginx.origin,
      siblingOrigin: sibling.origin,
      strangerOrigin: stranger.origin,
      provider,
      redis,
      api,
      nginx,
      secrets,
      newPerson: chromium.newPerson,
      gateway: () => gateway,
      stopGateway,
      startGateway: async () => {
        gateway = await startReady(env)
      },
    }
  })
}

async function startReady(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const gateway = startProcess(env)
  try {
    const { privateUrl } = await gateway.listening()
    await until('the gateway is ready', async () => (await fetch(`${privateUrl}/readyz`)).ok)
    return gateway
  } catch (error) {
    gateway.kill('SIGKILL')
    await gateway.ended
    throw error
  }
}
