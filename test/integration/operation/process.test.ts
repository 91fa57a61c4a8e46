import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { leastEnv, startProcess, type GatewayProcess } from '../../support/gateway-process.ts'
import { openRaw } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const processes: GatewayProcess[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const each of processes.splice(0)) {
    each.kill('SIGKILL')
    await each.ended
  }
  for (const each of servers.splice(0)) each.close()
})

async function start(env: Readonly<Record<string, string>> = {}, words?: readonly string[]): Promise<GatewayProcess> {
  const started = startProcess({ ...(await leastEnv()), ...env }, words)
  processes.push(started)
  return started
}

describe('starting', () => {
  test('with the least configuration it listens, is alive, and says why it is not ready: the provider is down', async () => {
    const gateway = await start()
    const { privateUrl } = await gateway.listening()
    expect((await fetch(`${privateUrl}/healthz`)).status).toBe(200)
    const ready = await fetch(`${privateUrl}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toEqual({ status: 'not ready', store: 'ready', provider: 'unavailable', draining: false })
  })

  test('standard output holds nothing but lines of JSON, and no secret of the configuration', async () => {
    const env: Record<string, string> = { ...(await leastEnv()), COATCHECK_LOG_LEVEL: 'trace' }
    const gateway = await start(env)
    const { origin } = await gateway.listening()
    await fetch(`${origin}/bff/session?code=canary`, {
      headers: { 'X-CSRF': '1', Cookie: 'coatcheck=s%3Acanary.canary', Authorization: 'Bearer canary' },
    })
    await until('the request is logged', () => gateway.logs('request').length > 0)
    gateway.kill('SIGTERM')
    const { stdout, stderr } = await gateway.ended
    for (const line of stdout.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), event: expect.any(String) })
    for (const secret of [env['COATCHECK_CLIENT_SECRET'], env['COATCHECK_SECRETS'], 'canary'])
      expect(stdout + stderr).not.toContain(secret)
  })

  test('a port in use: which, and what to do; exit code 1', async () => {
    const other = createServer()
    servers.push(other)
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const { code, stderr } = await (await start({ COATCHECK_LISTEN: `127.0.0.1:${port}` })).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:${port} is already in use\\. .* or set COATCHECK_LISTEN to another address\\.\\n$`),
    )
  })

  test('a configuration with problems lists all of them and starts nothing; exit code 1', async () => {
    const { code, stdout, stderr } = await (await start({ COATCHECK_STORE: 'mongodb://x', COATCHECK_ISSUER: 'no url' })).ended
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('COATCHECK_STORE')
    expect(stderr).toContain('COATCHECK_ISSUER')
    expect(stderr).not.toMatch(/ {4}at /)
  })

  test.each<[string, Record<string, string>, string]>([
    ['the lenient parser of HTTP', { NODE_OPTIONS: '--insecure-http-parser' }, '--insecure-http-parser'],
    ['unchecked certificates', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'NODE_EXTRA_CA_CERTS'],
  ])('Node with %s is refused, with what to do', async (_, env, sentence) => {
    const { code, stderr } = await (await start(env)).ended
    expect(code).toBe(1)
    expect(stderr).toContain(sentence)
  })
})

describe('the command line', () => {
  test('--help names the commands, --version the version', async () => {
    const help = await (await start({}, ['--help'])).ended
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('coatcheck check')])
    const version = await (await start({}, ['--version'])).ended
    expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  test.each([[['server']], [['serve', '--port', '80']]])('%j is not understood: a sentence, exit code 2', async (words) => {
    const { code, stdout, stderr } = await (await start({}, words)).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('coatcheck --help')
  })
})

describe('ending', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: not ready at once, still serving for the delay, then gone with exit code 0',
    async (signal) => {
      const gateway = await start({ COATCHECK_DRAIN_DELAY: '1s' })
      const { origin, privateUrl } = await gateway.listening()
      gateway.kill(signal)
      await until('it drains', () => gateway.logs('draining').length > 0)
      expect(await (await fetch(`${privateUrl}/readyz`)).json()).toMatchObject({ draining: true })
      const served = await fetch(`${origin}/bff/session`, { headers: { 'X-CSRF': '1' } })
      expect(served.headers.get('connection')).toBe('close')
      const { code } = await gateway.ended
      expect(code).toBe(0)
      expect(gateway.logs('stopped')).toMatchObject([{ inFlight: 0 }])
    },
  )

  test('one Ctrl-C that arrives twice, from the terminal and from npm, is one wish', async () => {
    const gateway = await start({ COATCHECK_DRAIN_DELAY: '1s' })
    await gateway.listening()
    gateway.kill('SIGINT')
    gateway.kill('SIGINT')
    await until('it drains', () => gateway.logs('draining').length > 0)
    gateway.kill('SIGINT')
    expect((await gateway.ended).code).toBe(0)
  })

  test('a second signal, later, ends it at once', async () => {
    const gateway = await start({ COATCHECK_DRAIN_DELAY: '10m', COATCHECK_DRAIN_DEADLINE: '1h' })
    await gateway.listening()
    gateway.kill('SIGTERM')
    await until('it drains', () => gateway.logs('draining').length > 0)
    const drainingSince = Date.now()
    await until('more than a second has passed', () => Date.now() - drainingSince > 1100)
    gateway.kill('SIGTERM')
    expect((await gateway.ended).code).toBe(1)
  })

  test.each([
    ['an exception', "throw new TypeError(['can', 'ary'].join(''))"],
    ['a rejection', "Promise.reject(new TypeError(['can', 'ary'].join('')))"],
  ])('what nobody foresaw is logged without its text, and everybody is served on: %s', async (_, deed) => {
    // A module of its own, loaded before the gateway's. Its address is its source, which a stack names: so the text is made when it is thrown.
    const saboteur = `process.on('SIGUSR2', () => { ${deed} })`
    const gateway = await start({ NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(saboteur)}` })
    const { origin } = await gateway.listening()
    gateway.kill('SIGUSR2')
    await until('it is logged', () => gateway.logs('unexpected_error').length > 0)
    expect(gateway.logs('unexpected_error')).toMatchObject([{ level: 'error' }])
    expect((await fetch(`${origin}/bff/session`, { headers: { 'X-CSRF': '1' } })).status).toBe(200)
    gateway.kill('SIGTERM')
    const { code, stdout, stderr } = await gateway.ended
    expect([code, (stdout + stderr).includes('canary')]).toEqual([0, false])
  })

  test('it outlives the reader of its log', async () => {
    const gateway = await start()
    const { origin, port } = await gateway.listening()
    gateway.closeOutput()
    for (let n = 0; n < 3; n++) expect((await fetch(`${origin}/bff/session`, { headers: { 'X-CSRF': '1' } })).status).toBe(200)
    const connection = await openRaw(port)
    connection.write('broken\r\n\r\n')
    expect(await connection.closed()).toContain(' 400 ')
  })
})
