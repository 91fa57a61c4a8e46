import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createCertificateAuthority } from '../support/certificates.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import { startTogether } from '../support/stops.ts'
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

/** The page's, by path. */
const FILES = {
  'index.html': '<!doctype html><title>The page</title>',
  'assets/app-1a2b.js': `// the app ${'is worth compressing '.repeat(100)}`,
  'assets/short-3c4d.js': `// short ${'and not worth it '.repeat(20)}`,
  'assets/data-5e6f.unheardof': '<script>alert(1)</script>',
  'main.css': 'p {}',
  'report.html': 'a page of its own',
  '.env': 'a secret',
  '.git/config': 'a secret',
  'folder/.hidden/file.js': 'a secret',
  '.well-known/security.txt': 'whom to tell',
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
  return startTogether(async (begun) => {
    const startStandIn = async (): Promise<EchoServer> => begun(await startEcho(), (started) => started.stop())
    const folder = begun(await mkdtemp(join(tmpdir(), 'coatcheck-e2e-')), (path) => rm(path, { recursive: true }))
    const page = join(folder, 'page')
    for (const [name, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(page, name)), { recursive: true })
      await writeFile(join(page, name), text)
    }
    const { certificate, issue } = await createCertificateAuthority(folder)
    const [gateway, decides, api] = [await startStandIn(), await startStandIn(), await startStandIn()]
    decides.on('/authorize', (_, response) => void response.writeHead(204).end())
    const options = { serverName: HOST, certificate: await issue(HOST), page, isHurried }
    const carries = { decides: decides.address, api: api.address }
    const nginx = begun(
      await startNginx({
        ...options,
        gateway: isGatewayDown ? '127.0.0.1:1' : gateway.address,
        ...(file === 'carries' && { carries }),
      }),
      (started) => started.stop(),
    )
    return {
      nginx,
      certificate,
      gateway,
      decides,
      api,
      get: (target, question) => ask(nginx.origin + target, certificate, question),
      overHttp: (target, question) => ask(`http://${HOST}:${nginx.httpPort}${target}`, certificate, question),
    }
  })
}

/** What reached the stand-in that answered. */
export function echoOf({ body }: Answer): Echo {
  const echo: Echo = JSON.parse(body)
  return echo
}
