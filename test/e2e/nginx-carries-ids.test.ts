import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../support/until.ts'
import { ask, valuesOf } from './ask.ts'
import { type CarriedByNginx, startCarriedByNginx } from './carried-by-nginx.ts'

let world: CarriedByNginx
let headers: Readonly<Record<string, string>>
beforeAll(async () => {
  world = await startCarriedByNginx()
  headers = { Cookie: (await world.signedIn()).cookie, 'X-CSRF': '1' }
})
afterAll(async () => world?.stop())

async function overItsOwnConnection(): Promise<string> {
  const { status, rawHeaders } = await ask(`${world.origin}/api/x`, world.certificate, { headers })
  return `${status} ${valuesOf(rawHeaders, 'X-Request-Id').join()}`
}

/** So many at once over one connection of HTTP/2. */
async function together(count: number): Promise<string[]> {
  const { host, port, hostname } = new URL(world.origin)
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: hostname,
    ca: world.certificate,
    ALPNProtocols: ['h2'],
  })
  const session = connectHttp2(world.origin, { createConnection: () => socket })
  const asked = Array.from({ length: count }, async () => {
    const stream = session.request({ ':path': '/api/x', ':authority': host, ...headers })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    stream.on('response', (answer) => resolve(`${answer[':status']} ${String(answer['x-request-id'])}`)).on('error', reject)
    return promise
  })
  const said = await Promise.all(asked)
  session.destroy()
  return said
}

describe('the id of a call that nginx carries', () => {
  test('is no other call’s, of one connection or of many, and the same for client, API and log', async () => {
    const alone = await Promise.all(Array.from({ length: 10 }, overItsOwnConnection))
    const said = [...alone, ...(await together(20)), ...(await together(20))]
    for (const each of said) expect(each).toMatch(/^200 [0-9a-f]{32}-\d+-\d+$/)
    const ids = said.map((each) => each.slice('200 '.length))
    expect(new Set(ids).size).toBe(ids.length)
    expect(world.api.requests.flatMap((request) => request.values('x-request-id')).toSorted()).toEqual(ids.toSorted())
    await until('all of them are in the log', async () => {
      const log = await world.nginx.log()
      return ids.every((id) => log.includes(`"requestId":"${id}"`))
    })
  })

  test('is the same in answer and log where it is refused', async () => {
    const { status, rawHeaders, body } = await ask(`${world.origin}/api/x`, world.certificate, {
      headers: { ...headers, Cookie: '' },
    })
    expect([status, valuesOf(rawHeaders, 'X-Request-Id')]).toEqual([401, [JSON.parse(body).requestId]])
    await until('it is in the log', async () => (await world.nginx.log()).includes(`"requestId":"${JSON.parse(body).requestId}"`))
  })

  test('is random where nothing is decided, and the gateway goes by it', async () => {
    const { rawHeaders } = await ask(`${world.origin}/bff/session`, world.certificate)
    const [id = ''] = valuesOf(rawHeaders, 'X-Request-Id')
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    await until('it is in the log', async () => (await world.nginx.log()).includes(`"requestId":"${id}"`))
  })
})
