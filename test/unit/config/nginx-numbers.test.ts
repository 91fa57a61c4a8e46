import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseDuration } from '../../../src/config/parse-duration.ts'
import { createHttpServer } from '../../../src/operations/http-server.ts'
import { createInFlight } from '../../../src/operations/in-flight.ts'
import { LEAST, parseWith } from '../../support/config-env.ts'

const routes = JSON.stringify([{ prefix: '/api/', upstream: 'http://127.0.0.1:1/' }])
const route = parseWith({ ...LEAST, COATCHECK_ROUTES: routes }).config.routes[0]
const server = createHttpServer({ handle: () => undefined, inFlight: createInFlight(), report: () => undefined })

/** A block of a file, without the blocks in it. */
const blockOf = (text: string, opening: string): string => text.split(`${opening} {\n`)[1]?.split(/^ *\}$/m)[0] ?? ''

/** What a directive of this block says, in the unit of the gateway's settings; absent: NaN. */
function numberOf(block: string, directive: string): number {
  const [, said = ''] = new RegExp(`^ *${directive} (\\w+);$`, 'm').exec(block) ?? []
  const [, count = '', unit = ''] = /^(\d+)(k|m)$/.exec(said) ?? []
  if (directive === 'client_max_body_size') return Number(count || 'NaN') * (unit === 'k' ? 1024 : 1024 * 1024)
  return Number(parseDuration(said))
}

describe.each(['nginx.conf', 'config/nginx-auth-request.conf'])('%s', (name) => {
  const text = readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
  const http = text.split('  upstream coatcheck {')[1] ?? ''

  test('lets go of an idle connection before the gateway does, so that none is written into while it closes', () => {
    expect(numberOf(blockOf(text, 'upstream coatcheck'), 'keepalive_timeout')).toBeLessThan(server.keepAliveTimeout)
  })

  test('gives up soon on a gateway to which no connection can be made', () => {
    expect(numberOf(http, 'proxy_connect_timeout')).toBeLessThanOrEqual(5000)
  })

  test('leaves a stream or a socket open that is silent for an hour', () => {
    const carries = name === 'nginx.conf' ? 'location ^~ /api/' : 'location @coatcheck'
    const [, block = ''] = text.split(`${carries} {\n`)
    expect(numberOf(block, 'proxy_read_timeout')).toBeGreaterThanOrEqual(3_600_000)
  })

  test('takes as long a body as a route does', () => {
    for (const [, block = ''] of text.matchAll(/^ {4}location (?:\^~ \/api\/|@coatcheck) \{\n([\s\S]*?)^ {4}\}$/gm)) {
      expect(numberOf(block, 'client_max_body_size')).toBeGreaterThanOrEqual(route?.mostBodyBytes ?? Infinity)
    }
  })
})

describe('config/nginx-auth-request.conf', () => {
  const text = readFileSync(new URL('../../../config/nginx-auth-request.conf', import.meta.url), 'utf8')
  const [, carries = ''] = /^ {4}location \^~ \/api\/ \{\n([\s\S]*?)^ {4}\}$/m.exec(text) ?? []

  test('waits for an API as long as the gateway would', () => {
    expect({
      connect: numberOf(carries, 'proxy_connect_timeout'),
      read: numberOf(carries, 'proxy_read_timeout'),
      send: numberOf(carries, 'proxy_send_timeout'),
    }).toEqual({
      connect: route?.connectTimeoutMilliseconds,
      read: route?.headersTimeoutMilliseconds,
      send: route?.bodyTimeoutMilliseconds,
    })
  })

  test('lets go of an idle connection to an API before most of them do, as the gateway does', () => {
    expect(numberOf(blockOf(text, 'upstream api'), 'keepalive_timeout')).toBeLessThan(5000)
    expect(numberOf(blockOf(text, 'upstream coatcheck_decides'), 'keepalive_timeout')).toBeLessThan(server.keepAliveTimeout)
  })
})
