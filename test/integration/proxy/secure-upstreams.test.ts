import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../src/config/parse-config.ts'
import type { UpstreamTlsConfig } from '../../../src/config/route-parts.ts'
import { Secret } from '../../../src/config/secret.ts'
import { type CarryingLane, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { type Certificate, type CertificateAuthority, createCertificateAuthority } from '../../support/certificates.ts'
import { LEAST } from '../../support/config-env.ts'
import { rawRequest } from '../../support/raw-client.ts'
import { type SecureUpstream, startSecureUpstream } from '../../support/secure-upstream.ts'
import { createStops } from '../../support/stops.ts'

const NO_TLS: UpstreamTlsConfig = { ca: undefined, certificate: undefined, key: undefined, serverName: undefined }

let folder: string
let authority: CertificateAuthority
let localhost: Certificate
let internal: Certificate
let client: Certificate
let strangerAuthority: CertificateAuthority
let strangers: Certificate
const stops = createStops()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-secure-'))
  const others = await mkdtemp(join(folder, 'others-'))
  authority = await createCertificateAuthority(folder)
  strangerAuthority = await createCertificateAuthority(others)
  localhost = await authority.issue('localhost')
  internal = await authority.issue('api.internal')
  client = await authority.issue('gateway.test')
  strangers = await strangerAuthority.issue('gateway.test')
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(stops.stopAll)

function keep<Closable extends { close(): Promise<void> }>(each: Closable): Closable {
  stops.add(() => each.close())
  return each
}

async function carrying(upstream: SecureUpstream, tls: Partial<UpstreamTlsConfig>): Promise<CarryingLane> {
  const route = routeTo(upstream.origin, { prefix: '/secure/', tls: { ...NO_TLS, ...tls } })
  return keep(await startCarryingLane({ moreRoutes: [route] }))
}

function ask(lane: CarryingLane): Promise<string> {
  return rawRequest(lane.port, 'GET /secure/x HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\nConnection: close\r\n\r\n')
}

function identity({ certificate, key }: Certificate): Partial<UpstreamTlsConfig> {
  return { ca: authority.certificate, certificate, key: new Secret(key) }
}

describe('an https upstream', () => {
  test('is trusted by the authority that its route names', async () => {
    const upstream = keep(await startSecureUpstream({ certificate: localhost }))
    const lane = await carrying(upstream, { ca: authority.certificate })
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 .*hello$/s)
    expect(upstream.requests[0]).toMatchObject({ httpVersion: '1.1', headers: { authorization: 'Bearer the-access-token' } })
  })

  test.each([
    ['that nobody vouches for', () => ({}), () => localhost, 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['of another authority', () => ({ ca: strangerAuthority.certificate }), () => localhost, 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['of another host', () => ({ ca: authority.certificate }), () => internal, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('with a certificate %s is told nothing', async (_why, tls, certificate, code) => {
    const upstream = keep(await startSecureUpstream({ certificate: certificate() }))
    const lane = await carrying(upstream, tls())
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 502 .*upstream_unreachable$/s)
    expect((await lane.reported()).note).toContain(code)
    expect(upstream.requests).toEqual([])
  })

  test('is known by the name that its route gives', async () => {
    const upstream = keep(await startSecureUpstream({ certificate: internal }))
    const lane = await carrying(upstream, { ca: authority.certificate, serverName: 'api.internal' })
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    // The name is TLS's alone: the request is for the host that it was sent to.
    expect(upstream.requests[0]?.headers['host']).toBe(new URL(upstream.origin).host)
  })

  test('is shown the certificate of its route', async () => {
    const upstream = keep(await startSecureUpstream({ certificate: localhost, clientAuthority: authority.certificate }))
    const lane = await carrying(upstream, identity(client))
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    expect(upstream.requests[0]?.client).toBe('gateway.test')
  })

  test.each([
    ['no certificate', () => ({ ca: authority.certificate })],
    ['the certificate of a stranger', () => identity(strangers)],
  ])('that wants a certificate answers nothing where it is shown %s', async (_why, tls) => {
    const upstream = keep(await startSecureUpstream({ certificate: localhost, clientAuthority: authority.certificate }))
    const lane = await carrying(upstream, tls())
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 502 /)
    expect(upstream.requests).toEqual([])
  })

  test('is reached as a configuration says, at all of its addresses', async () => {
    const upstreams = [internal, internal].map((certificate) =>
      startSecureUpstream({ certificate, clientAuthority: authority.certificate }),
    )
    const [one, other] = (await Promise.all(upstreams)).map(keep)
    const written = {
      prefix: '/secure/',
      upstream: [`${one?.origin}/v1/`, `${other?.origin}/v1/`],
      ca: authority.file,
      certificate: client.certificateFile,
      key: client.keyFile,
      serverName: 'api.internal',
      addRequestHeaders: { 'X-Tenant': 'acme' },
    }
    const { config } = parseConfig({ env: { ...LEAST, COATCHECK_ROUTES: JSON.stringify([written]) } })
    const lane = keep(await startCarryingLane({ moreRoutes: config.routes }))
    for (let count = 0; count < 4; count += 1) expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    for (const upstream of [one, other]) {
      expect(upstream?.requests).toHaveLength(2)
      expect(upstream?.requests[0]).toMatchObject({ path: '/v1/x', client: 'gateway.test', headers: { 'x-tenant': 'acme' } })
    }
  })

  test('speaks HTTP/1.1 where HTTP/2 was not asked for, though it offers it', async () => {
    const upstream = keep(await startSecureUpstream({ certificate: localhost, protocols: 'both' }))
    const lane = await carrying(upstream, { ca: authority.certificate })
    expect(await ask(lane)).toMatch(/^HTTP\/1.1 200 /)
    expect(upstream.requests[0]?.httpVersion).toBe('1.1')
  })
})
