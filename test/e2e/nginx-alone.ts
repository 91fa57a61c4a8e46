import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificateAuthority } from '../support/certificates.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { type Answer, ask, type Question } from './ask.ts'
import { type Echo, type EchoServer, startEcho } from './echo.ts'

export const HOST = 'app.shop.test'

/** nginx with a shipped file, and stand-ins for everybody behind it, which say what reached them. */
export interface NginxAlone {
  readonly nginx: Nginx
  readonly certificate: string
  readonly gateway: EchoServer
  /** Decides as it is told by `on('/authorize', …)`, and lets everything through until then; asked by the second file alone. */
  readonly decides: EchoServer
  readonly api: EchoServer
  readonly get: (target: string, question?: Question) => Promise<Answer>
  readonly overHttp: (target: string, question?: Question) => Promise<Answer>
  readonly stop: () => Promise<void>
}

interface Form {
  /** By nginx.conf, or by config/nginx-auth-request.conf. */
  readonly file: 'front' | 'carries'
  /** Where no gateway listens. */
  readonly isGatewayDown?: boolean
  /** Every timeout of the file is twenty times shorter. */
  readonly isHurried?: boolean
}

export async function startNginxAlone({ file, isGatewayDown = false, isHurried = false }: Form): Promise<NginxAlone> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-e2e-'))
  const page = join(folder, 'page')
  await mkdir(join(page, 'assets'), { recursive: true })
  await writeFile(join(page, 'index.html'), '<!doctype html><title>The page</title>')
  await writeFile(join(page, 'assets', 'app-1a2b.js'), '// the app')
  const authority = await createCertificateAuthority(folder)
  const [gateway, decides, api] = await Promise.all([startEcho(), startEcho(), startEcho()])
  decides.on('/authorize', (_, response) => void response.writeHead(204, { Authorization: 'Bearer of-the-gateway' }).end())
  const nginx = await startNginx({
    serverName: HOST,
    certificate: await authority.issue(HOST),
    page,
    gateway: isGatewayDown ? '127.0.0.1:1' : gateway.address,
    isHurried,
    ...(file === 'carries' && { carries: { decides: decides.address, api: api.address } }),
  })
  const { certificate } = authority

  return {
    nginx,
    certificate,
    gateway,
    decides,
    api,
    get: (target, question) => ask(nginx.origin + target, certificate, question),
    overHttp: (target, question) => ask(`http://${HOST}:${nginx.httpPort}${target}`, certificate, question),
    async stop() {
      await Promise.all([nginx, gateway, decides, api].map((started) => started.stop()))
      await rm(folder, { recursive: true })
    },
  }
}

/** What reached the stand-in that answered. */
export function echoOf({ body }: Answer): Echo {
  const echo: Echo = JSON.parse(body)
  return echo
}
