import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { valuesOf } from './ask.ts'
import { echoOf, type NginxAlone, startNginxAlone } from './nginx-alone.ts'

/** Headers in which some server behind some proxy has looked for an address, a target, a method or a person. */
const SAID_BY_PROXIES =
  `Forwarded X-Forwarded-Port X-Forwarded-Prefix X-Forwarded-Server X-Forwarded-Uri X-Forwarded-Method X-Forwarded-User X-Forwarded-Email
  X-Forwarded-Groups X-Forwarded-Preferred-Username X-Forwarded-Access-Token X-Forwarded-Client-Cert X-Real-IP X-Client-IP True-Client-IP
  X-Original-URL X-Original-Host X-Original-Method X-Rewrite-URL X-HTTP-Method X-HTTP-Method-Override X-Method-Override X-User-Id X-Remote-User
  Remote-User Client-Cert Client-Cert-Chain X-SSL-Client-Cert X-SSL-Client-Verify Proxy`.split(/\s+/)

let world: NginxAlone
beforeAll(async () => {
  world = await startNginxAlone({ file: 'front' })
})
afterAll(() => world?.stop())

describe('what a client says in the name of a proxy', () => {
  // FWD-08
  test.each([...SAID_BY_PROXIES, 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Request-Id', 'Upgrade'])(
    'does not reach the gateway: %s',
    async (name) => {
      for (const target of ['/api/x', '/bff/session']) {
        const { headers } = echoOf(await world.get(target, { headers: { [name]: 'forged' } }))
        expect(headers.join('\n')).not.toContain('forged')
      }
    },
  )

  test.each(['X_Forwarded_For', 'X_Real_IP', 'X.Forwarded.For', 'X!Forwarded!For', "X'Real'IP", 'X-Forwarded-For~'])(
    'does not reach the gateway in a name that an upstream might read as another: %s',
    async (name) => {
      const { headers } = echoOf(await world.get('/api/x', { headers: { [name]: 'forged' } }))
      expect(headers.join('\n')).not.toContain('forged')
    },
  )

  test('is the host that it was asked for, and nothing about its connection', async () => {
    const { headers } = echoOf(await world.get('/api/x', { headers: { Connection: 'keep-alive, x-forwarded-for, upgrade' } }))
    expect(valuesOf(headers, 'Host')).toEqual([new URL(world.nginx.origin).host])
    expect(valuesOf(headers, 'Connection')).toEqual([])
  })
})

test.each(['/bff//session', '/bff/./session', '/bff/a/%2e%2e/b', '/bff/a%2fb', '/bff/%61', '/bff/?'])(
  'the gateway judges the path as it was sent, at its own endpoints too: %s',
  async (target) => {
    expect(echoOf(await world.get(target)).target).toBe(target)
  },
)

describe('what the gateway says', () => {
  test.each([
    ['X-Accel-Redirect', '/index.html'],
    ['X-Accel-Limit-Rate', '1'],
    ['X-Accel-Charset', 'utf-8'],
  ])('is no order to nginx, though it has the form of one: %s', async (name, value) => {
    const body = 'its own '.repeat(100_000)
    world.gateway.on('/api/order', (_, response) => {
      response.writeHead(200, { [name]: value, 'Content-Type': 'text/html' }).end(body)
    })
    const answer = await world.get('/api/order')
    expect([answer.status, answer.headers['content-type'], answer.body === body]).toEqual([200, 'text/html', true])
    expect(valuesOf(answer.rawHeaders, name)).toEqual([])
  })

  test.each(['/api/typed', '/bff/typed'])('keeps its type, to which no charset is added: %s', async (target) => {
    world.gateway.on(target, (_, response) => void response.setHeader('Content-Type', 'text/html').end('x'))
    expect((await world.get(target)).headers['content-type']).toBe('text/html')
  })

  test.each([401, 403, 404, 413, 414, 500, 502, 503, 504])('arrives as it is, though it is a failure: %d', async (status) => {
    for (const target of ['/bff/fails', '/api/fails']) {
      world.gateway.on(target, (_, response) => void response.writeHead(status, { 'X-Own': 'kept' }).end('its own words'))
      const answer = await world.get(target, { headers: { 'Sec-Fetch-Mode': 'navigate' } })
      expect([answer.status, answer.body, answer.headers['x-own']]).toEqual([status, 'its own words', 'kept'])
    }
  })

  test('leads where the gateway said, not where nginx thinks it meant', async () => {
    world.gateway.on('/api/leads', (_, response) => void response.writeHead(302, { Location: 'http://coatcheck/x' }).end())
    expect((await world.get('/api/leads')).headers.location).toBe('http://coatcheck/x')
  })

  test('tells nobody what it was made with', async () => {
    world.gateway.on('/api/made', (_, response) => void response.writeHead(200, { 'X-Powered-By': 'them' }).end())
    expect(valuesOf((await world.get('/api/made')).rawHeaders, 'X-Powered-By')).toEqual([])
  })
})

describe('an address', () => {
  test('that lacks its slash is completed without anybody’s host', async () => {
    const { status, headers } = await world.get('/bff')
    expect([status, headers.location]).toEqual([301, '/bff/'])
  })

  test.each(['/coatcheck/413', '/coatcheck/down', '/coatcheck/down-page'])(
    'that is for nginx alone is there for nobody else: %s',
    async (target) => {
      const { status, body } = await world.get(target)
      expect([status, body]).toEqual([404, expect.not.stringMatching(/requestId|Back in a moment/)])
    },
  )
})
