import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CarryingLane, routeTo, startCarryingLane } from '../../support/carrying-lane.ts'
import { rawRequest } from '../../support/raw-client.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

const HEAD = 'Host: a\r\nCookie: session=1\r\nConnection: close\r\n'
let folder: string
let upstream: Upstream
let lane: CarryingLane

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-socket-'))
  const socketPath = join(folder, 'api.sock')
  upstream = await startUpstream({}, { path: socketPath })
  const name = `http+unix://${socketPath}`
  const gone = `${socketPath}.gone`
  lane = await startCarryingLane({
    moreRoutes: [
      routeTo('', { prefix: '/socket/', path: '/v1/', addresses: [{ name, origin: 'http://localhost', socketPath }] }),
      routeTo('', { prefix: '/gone/', addresses: [{ name: gone, origin: 'http://localhost', socketPath: gone }] }),
    ],
  })
})
afterAll(async () => {
  await lane.close()
  await upstream.close()
  await rm(folder, { recursive: true })
})

describe('an upstream behind a socket of this machine', () => {
  test('is carried to like any other', async () => {
    const request = `POST /socket/orders?a=1 HTTP/1.1\r\n${HEAD}Content-Length: 5\r\n\r\nhello`
    expect(await rawRequest(lane.port, request)).toMatch(/^HTTP\/1.1 200 /)
    const seen = upstream.last()
    expect(seen).toMatchObject({ method: 'POST', target: '/v1/orders?a=1', body: 'hello' })
    expect(seen.values('host')).toEqual(['localhost'])
    expect(seen.values('authorization')).toEqual(['Bearer the-access-token'])
    expect(lane.lines.at(-1)?.upstream).toMatch(/^http\+unix:\/\/.*api\.sock$/)
  })

  test('is unreachable where there is no such socket', async () => {
    expect(await rawRequest(lane.port, `GET /gone/x HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/^HTTP\/1.1 502 .*upstream_unreachable$/s)
  })

  test('has its redirects turned back into the public prefix', async () => {
    upstream.answer('/v1/moved', (_request, response) => {
      response.writeHead(303, { location: 'http://localhost/v1/there' }).end()
    })
    expect(await rawRequest(lane.port, `GET /socket/moved HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/\r\nlocation: \/socket\/there\r\n/i)
  })
})
