import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { checkUpstreams } from '../../src/commands/check-upstreams.ts'
import { LEAST } from '../support/config-env.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { type Certificate, type CertificateAuthority, createCertificateAuthority } from '../support/certificates.ts'
import { findFreePort } from '../support/free-port.ts'
import { startSecureUpstream } from '../support/secure-upstream.ts'
import { createStops } from '../support/stops.ts'

let folder: string
let authority: CertificateAuthority
let localhost: Certificate
let client: Certificate
let internal: Certificate
const stops = createStops()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-check-'))
  authority = await createCertificateAuthority(folder)
  localhost = await authority.issue('localhost')
  client = await authority.issue('client.test')
  internal = await authority.issue('api.internal')
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(stops.stopAll)

/** What the command says of these routes' upstreams, a line each. */
async function check(...routes: readonly object[]): Promise<readonly string[]> {
  const { config } = parseConfig({ env: { ...LEAST, COATCHECK_ROUTES: JSON.stringify(routes) } })
  const findings = await checkUpstreams(config.routes)
  return findings.map(({ level, says }) => `${level} ${says}`)
}

async function listening(at: { readonly path: string } | { readonly port: number; readonly host: string }): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(at, resolve))
  stops.add(() => new Promise((resolve) => server.close(resolve)))
  return server
}

async function secure(choices: Partial<Parameters<typeof startSecureUpstream>[0]> = {}): Promise<string> {
  const upstream = await startSecureUpstream({ certificate: localhost, ...choices })
  stops.add(() => upstream.close())
  return upstream.origin
}

describe('the check of upstreams', () => {
  test('speaks of each address, and of each one once', async () => {
    const server = await listening({ port: 0, host: '127.0.0.1' })
    const address = server.address()
    const alive = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const gone = `http://127.0.0.1:${await findFreePort()}`
    const socketPath = join(folder, 'api.sock')
    await listening({ path: socketPath })
    expect(
      await check(
        { prefix: '/a/', upstream: [alive, gone] },
        { prefix: '/b/', upstream: alive },
        { prefix: '/c/', upstream: `http+unix://${socketPath}` },
        { prefix: '/d/', upstream: `http+unix://${socketPath}.gone:/v1/` },
      ),
    ).toEqual([
      `ok ${alive} takes connections.`,
      expect.stringMatching(`^fail ${gone} takes no connection: ECONNREFUSED .nothing listens there`),
      `ok http+unix://${socketPath} takes connections.`,
      expect.stringMatching(/^fail http\+unix:.*gone takes no connection: ENOENT .there is no such socket/),
    ])
  })

  test('shakes hands as the route would', async () => {
    const upstream = await secure({ clientAuthority: authority.certificate })
    const identity = { certificate: client.certificateFile, key: client.keyFile }
    expect(await check({ prefix: '/a/', upstream, ca: authority.file, ...identity })).toEqual([
      `ok ${upstream} takes connections.`,
    ])
    const named = await secure({ certificate: internal })
    expect(await check({ prefix: '/a/', upstream: named, ca: authority.file, serverName: 'api.internal' })).toEqual([
      `ok ${named} takes connections.`,
    ])
  })

  test('says whether HTTP/2 is spoken', async () => {
    const both = await secure({ protocols: 'both' })
    expect(await check({ prefix: '/a/', upstream: both, ca: authority.file, http2: true })).toEqual([
      `ok ${both} takes connections and speaks HTTP/2.`,
    ])
    expect(await check({ prefix: '/a/', upstream: both, ca: authority.file })).toEqual([`ok ${both} takes connections.`])
  })

  test('says in plain words what is wrong with TLS', async () => {
    const ca = { ca: authority.file }
    const upstream = await secure()
    const wantsIdentity = await secure({ clientAuthority: authority.certificate })
    const named = await secure({ certificate: internal })
    const onlyNew = await secure({ protocols: 'http2' })
    const plain = await listening({ port: 0, host: '127.0.0.1' })
    const address = plain.address()
    const port = typeof address === 'object' ? address?.port : 0
    expect(
      await check(
        { prefix: '/a/', upstream },
        { prefix: '/b/', upstream: wantsIdentity, ...ca },
        { prefix: '/c/', upstream: named, ...ca },
        { prefix: '/d/', upstream: onlyNew, ...ca },
        { prefix: '/e/', upstream: onlyNew, ...ca, http2: true },
        { prefix: '/f/', upstream: `https://127.0.0.1:${port}`, ...ca },
      ),
    ).toEqual([
      expect.stringMatching(/^fail .*certificate is not trusted.*NODE_EXTRA_CA_CERTS.*ca/),
      expect.stringMatching(/^fail .*wants a certificate from us that it trusts: certificate and key/),
      expect.stringMatching(/^fail .*certificate is for another host/),
      expect.stringMatching(/^fail .*HTTP\/1\.1/),
      expect.stringMatching(/^fail .*HTTP\/1\.1/),
      expect.stringMatching(/^fail .*broke the connection off/),
    ])
  })

  test('says that what is no TLS is none', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stops.add(() => new Promise((resolve) => server.close(resolve)))
    const address = server.address()
    const upstream = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    expect(await check({ prefix: '/a/', upstream })).toEqual([expect.stringMatching(/^fail .*does not speak TLS/)])
  })

  test('does not wait for what does not answer', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const upstream = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const says = await check({ prefix: '/a/', upstream, connectTimeout: '50ms' })
    expect(says).toEqual([`fail ${upstream} takes no connection: no answer within 50 ms.`])
    server.close()
  })
})
