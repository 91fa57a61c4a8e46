import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createCertificateAuthority } from '../../support/certificates.ts'
import { findFreePort } from '../../support/free-port.ts'
import { type GatewayProcess, leastEnv, startProcess } from '../../support/gateway-process.ts'
import { type RedisServer, startRedis } from '../../support/redis-server.ts'
import { until } from '../../support/until.ts'

let folder: string
let redis: RedisServer
let tlsPort: number
let authority: string
const processes: GatewayProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-redis-tls-'))
  const { issue, file } = await createCertificateAuthority(folder)
  authority = file
  const { certificateFile, keyFile } = await issue('localhost')
  tlsPort = await findFreePort()
  const files = ['--tls-cert-file', certificateFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no']
  redis = await startRedis({
    args: ['--tls-port', String(tlsPort), ...files, '--tls-ca-cert-file', authority],
  })
})
afterEach(async () => {
  for (const each of processes.splice(0)) {
    each.kill('SIGKILL')
    await each.ended
  }
})
afterAll(async () => {
  await redis?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A process of the gateway: which authorities Node trusts is settled when it starts. */
async function start(host: string, trusted?: string): Promise<GatewayProcess> {
  const trust = trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }
  const gateway = startProcess({ ...(await leastEnv()), ...trust, COATCHECK_STORE: `rediss://${host}:${tlsPort}` })
  processes.push(gateway)
  return gateway
}

describe('a Redis over TLS', () => {
  test('is used where its certificate is trusted and of its name', async () => {
    const gateway = await start('localhost', authority)
    const { privateUrl } = await gateway.listening()
    await until('the store is there', async () => {
      const ready = await (await fetch(`${privateUrl}/readyz`)).json()
      return (ready as { store: string }).store === 'ready'
    })
  })

  test.each([
    ['of an authority that nobody trusts', 'localhost', false, /SELF_SIGNED_CERT|UNABLE_TO_VERIFY/],
    ['of another name', '127.0.0.1', true, /ERR_TLS_CERT_ALTNAME_INVALID/],
  ])('with a certificate %s is told nothing, and the log says why', async (_, host, trusts, code) => {
    const monitor = await redis.monitor()
    const gateway = await start(host, trusts ? authority : undefined)
    await until('that is told', () => gateway.logs('store_state').length > 0)
    expect(gateway.logs('store_state')[0]).toMatchObject({ state: 'lost', note: expect.stringMatching(code) })
    expect(await monitor.stop()).toEqual([])
  })
})
