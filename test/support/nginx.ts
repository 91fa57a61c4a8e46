import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findFreePorts } from './free-port.ts'
import { programPath } from './programs.ts'

const SHIPPED = {
  front: new URL('../../nginx.conf', import.meta.url),
  carries: new URL('../../config/nginx-auth-request.conf', import.meta.url),
}
const MOST_TRIES = 5

export interface NginxOptions {
  readonly serverName: string
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string }
  /** `host:port` of the gateway; nobody needs to listen there yet. */
  readonly gateway: string
  /** Folder of the page. */
  readonly page: string
  /** nginx carries by itself, by the second shipped file: `host:port` of who decides, and of the API. */
  readonly carries?: { readonly decides: string; readonly api: string }
  /** Every timeout of the file that is written in seconds is twenty times shorter, so that a test can wait for it. */
  readonly isHurried?: boolean
}

export interface Nginx {
  /** What browsers are to call it, with its port: the gateway's base URL. */
  readonly origin: string
  readonly httpsPort: number
  readonly httpPort: number
  /** Where it writes. */
  readonly folder: string
  /** Everything it has logged so far, access and errors; also once it is stopped. */
  readonly log: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** A shipped file with its documented variables filled in, and nothing else changed: the work of `envsubst`. */
export async function fillIn(variables: Readonly<Record<string, string>>): Promise<string> {
  const shipped = await readFile('NGINX_API' in variables ? SHIPPED.carries : SHIPPED.front, 'utf8')
  return shipped.replace(/\$\{((?:NGINX|COATCHECK)_[A-Z_]+)\}/g, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`nginx.conf asks for ${name}, which nobody documents.`)
    return value
  })
}

/** Runs Debian's nginx with the shipped configuration on free ports of 127.0.0.1, in a folder of its own. */
export async function startNginx(options: NginxOptions, tries = MOST_TRIES): Promise<Nginx> {
  const [httpsPort = 0, httpPort = 0] = await findFreePorts(2)
  try {
    return await startAt(options, httpsPort, httpPort)
  } catch (error) {
    // Another process may take a free port first, in suites that run in parallel.
    if (tries <= 1 || !String(error).includes('Address already in use')) throw error
    return startNginx(options, tries - 1)
  }
}

async function startAt(
  { serverName, certificate, gateway, page, carries, isHurried = false }: NginxOptions,
  httpsPort: number,
  httpPort: number,
): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-nginx-'))
  const [file, logFile] = [join(folder, 'nginx.conf'), join(folder, 'log')]
  const origin = `https://${serverName}:${httpsPort}`
  const variables = {
    COATCHECK_BASE_URL: origin,
    NGINX_SERVER_NAME: serverName,
    NGINX_HTTPS_LISTEN: `127.0.0.1:${httpsPort}`,
    NGINX_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
    NGINX_TLS_CERTIFICATE: certificate.certificateFile,
    NGINX_TLS_KEY: certificate.keyFile,
    NGINX_COATCHECK: gateway,
    NGINX_PAGE: page,
    NGINX_RUN: folder,
    ...(carries === undefined ? {} : { NGINX_COATCHECK_DECIDES: carries.decides, NGINX_API: carries.api }),
  }
  const filled = await fillIn(variables)
  await writeFile(file, isHurried ? hurry(filled) : filled)
  const log = await open(logFile, 'a')
  const child = spawn(programPath('nginx'), ['-p', folder, '-c', file, '-g', directives()], { stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  let last: string | undefined
  const nginx = { origin, httpsPort, httpPort, folder, log: async () => last ?? readFile(logFile, 'utf8'), stop }
  // It writes its process id once it listens.
  while (!existsSync(join(folder, 'nginx.pid'))) {
    if (child.exitCode !== null) {
      const says = await nginx.log()
      await stop()
      throw new Error(`nginx ended at its start: ${says}`)
    }
    await wait(10)
  }
  return nginx

  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    last ??= await readFile(logFile, 'utf8')
    await rm(folder, { recursive: true, force: true })
  }
}

function hurry(configuration: string): string {
  return configuration.replace(/(_timeout) (\d+)s;/g, (_, name: string, seconds: string) => `${name} ${Number(seconds) * 50}ms;`)
}

/** What `nginx -t` says about the shipped configuration with `variables` filled in. */
export async function checkNginx(
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly ok: boolean; readonly says: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-nginx-'))
  const file = join(folder, 'nginx.conf')
  await writeFile(file, await fillIn({ ...variables, NGINX_RUN: folder }))
  const { status, stderr } = spawnSync(programPath('nginx'), ['-t', '-p', folder, '-c', file, '-g', directives()], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await rm(folder, { recursive: true })
  return { ok: status === 0, says: stderr }
}

/** As root its workers would become nobody, who cannot read the folders of a test. */
function directives(): string {
  return process.getuid?.() === 0 ? 'daemon off; user root;' : 'daemon off;'
}
