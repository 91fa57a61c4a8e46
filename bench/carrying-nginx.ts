import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../test/support/free-port.ts'
import { coatcheckProgram } from './coatcheck-program.ts'
import { type Contender, NAMES, type Surroundings } from './contenders.ts'
import { fromRoot } from './from-root.ts'
import { startRedis } from './redis.ts'
import { signIn } from './sign-in.ts'

const SHIPPED = 'config/nginx-auth-request.conf'
/** Where decisions are kept: in memory, as the shipped file wants it. */
const TMPFS = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** nginx that carries by itself and asks Coatcheck, by the shipped file, with a session that somebody signed in for. */
export async function startCarryingNginx(surroundings: Surroundings): Promise<Contender> {
  const { processes, gatewayCore, loadCore, provider, upstreamPort, nodeFlags } = surroundings
  const redis = await startRedis(processes, loadCore)
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const routes = `/api/=http://127.0.0.1:${upstreamPort}/`
  const settings = {
    COATCHECK_BASE_URL: origin,
    COATCHECK_TRUSTED_PROXIES: '127.0.0.1/32',
    COATCHECK_FORWARD_AUTH_PEERS: '127.0.0.1/32',
  }
  const program = await coatcheckProgram({ script: 'src/main.ts', provider, store: redis.url, routes, nodeFlags, settings })
  const gateway = processes.start({ ...program, core: gatewayCore })
  await gateway.answers(program.readyUrl)

  const folder = mkdtempSync(join(TMPFS, 'coatcheck-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const shipped = await readFile(fromRoot(SHIPPED), 'utf8')
  const text = fillPlainly(shipped, {
    COATCHECK_BASE_URL: origin,
    NGINX_SERVER_NAME: 'localhost',
    NGINX_HTTPS_LISTEN: `127.0.0.1:${port}`,
    NGINX_HTTP_LISTEN: `127.0.0.1:${await findFreePort()}`,
    NGINX_COATCHECK: `127.0.0.1:${program.port}`,
    NGINX_COATCHECK_DECIDES: new URL(program.readyUrl).host,
    NGINX_API: `127.0.0.1:${upstreamPort}`,
    NGINX_PAGE: folder,
    NGINX_RUN: folder,
  })
  const file = join(folder, 'nginx.conf')
  await writeFile(file, text)
  const user = process.getuid?.() === 0 ? ' user root;' : ''
  const words = ['-p', folder, '-c', file, '-e', 'stderr', '-g', `daemon off;${user}`]
  // Its cache needs a manager beside the worker, so it is no single process.
  const nginx = processes.start({ command: 'nginx', words, core: gatewayCore, lastSignal: 'SIGTERM' })
  await nginx.listens(port)
  const headers = { Host: `localhost:${port}`, Cookie: await signIn(origin) }
  const pids = [nginx.pid, gateway.pid]
  return { name: NAMES.carrying, pids, port, path: '/api/item', headers, redisPort: redis.port }
}

/**
 * The shipped file with its variables filled in, one worker, and without what bare nginx is measured without: TLS, the log of accesses, and
 * an end to kept connections. Throws where a variable is left.
 */
export function fillPlainly(shipped: string, variables: Readonly<Record<string, string>>): string {
  return shipped
    .replaceAll(/^\s*#.*$/gm, '')
    .replaceAll(/^\s*ssl_[a-z_]+ [^;]*;$/gm, '')
    .replaceAll(/(listen [^;]*?) ssl http2/g, '$1')
    .replace(/worker_processes [^;]*;/, 'worker_processes 1;')
    .replace(/access_log [^;]*;/, 'access_log off;\n  keepalive_requests 1000000000;')
    .replaceAll(/\$\{((?:NGINX|COATCHECK)_[A-Z_]+)\}/g, (_, name: string) => {
      const value = variables[name]
      if (value === undefined) throw new Error(`Nobody says what ${name} is.`)
      return value
    })
}
