import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, createBrowser } from '../support/browser.ts'
import { createCertificateAuthority } from '../support/certificates.ts'
import { findFreePorts } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'
import { startTogether } from '../support/stops.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'

export const HOST = 'app.shop.test'

/** nginx with the second shipped file between a browser and an API, and a gateway that decides. */
export interface CarriedByNginx {
  readonly origin: string
  readonly certificate: string
  readonly nginx: Nginx
  readonly gateway: TestGateway
  readonly redis: RedisServer
  readonly api: Upstream
  readonly provider: ScriptedProvider
  /** Signs somebody in, and answers what their browser then sends. */
  readonly signedIn: () => Promise<{ readonly browser: Browser; readonly cookie: string }>
  /** Where a question of nginx's goes. */
  readonly authorizeUrl: string
  readonly stop: () => Promise<void>
}

export async function startCarriedByNginx(routesFor?: (api: Upstream) => readonly object[]): Promise<CarriedByNginx> {
  return startTogether(async (begun) => {
    const folder = begun(await mkdtemp(join(tmpdir(), 'coatcheck-e2e-')), (path) => rm(path, { recursive: true }))
    const authority = await createCertificateAuthority(folder)
    const [listens = 0, decides = 0] = await findFreePorts(2)
    const api = begun(await startUpstream(), (started) => started.close())
    const redis = begun(await startRedis(), (started) => started.stop())
    const provider = begun(await startScriptedProvider(), (started) => started.stop())
    const nginx = begun(
      await startNginx({
        serverName: HOST,
        certificate: await authority.issue(HOST),
        page: fileURLToPath(new URL('page', import.meta.url)),
        gateway: `127.0.0.1:${listens}`,
        carries: { decides: `127.0.0.1:${decides}`, api: `127.0.0.1:${api.port}` },
      }),
      (started) => started.stop(),
    )
    const gateway = begun(
      await startGateway({
        COATCHECK_BASE_URL: nginx.origin,
        COATCHECK_LISTEN: `127.0.0.1:${listens}`,
        COATCHECK_FORWARD_AUTH_LISTEN: `127.0.0.1:${decides}`,
        COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1',
        COATCHECK_TRUSTED_PROXIES: '127.0.0.1',
        COATCHECK_ISSUER: provider.issuer,
        COATCHECK_CLIENT_ID: provider.clientId,
        COATCHECK_CLIENT_SECRET: provider.clientSecret,
        COATCHECK_STORE: redis.url,
        COATCHECK_STORE_OUTAGE_GRACE: '0s',
        COATCHECK_LOGIN_MOST_PER_MINUTE_PER_ADDRESS: '10000',
        COATCHECK_ROUTES: JSON.stringify(routesFor?.(api) ?? [{ prefix: '/api/', upstream: `${api.origin}/` }]),
      }),
      (started) => started.stop(),
    )
    await gateway.ready()

    return {
      origin: nginx.origin,
      certificate: authority.certificate,
      nginx,
      gateway,
      redis,
      api,
      provider,
      authorizeUrl: `http://127.0.0.1:${decides}`,
      async signedIn() {
        const browser = createBrowser({
          ca: authority.certificate,
          hosts: { [HOST]: { host: '127.0.0.1', port: nginx.httpsPort } },
        })
        await browser.navigate(`${nginx.origin}/`)
        await browser.navigate(`${nginx.origin}/bff/login?returnTo=/`, { from: `${nginx.origin}/` })
        const value = browser.cookie('__Host-Http-coatcheck')?.value
        if (value === undefined) throw new Error('The login did not end with a session.')
        return { browser, cookie: `__Host-Http-coatcheck=${value}` }
      },
    }
  })
}
