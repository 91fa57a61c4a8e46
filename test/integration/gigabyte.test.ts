import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const GIGABYTE = 1024 ** 3
const PIECE = Buffer.alloc(1024 ** 2, 'x')
/** All ends are in this process: with what other tests have left in its memory to be looked through again and again, it takes ten times as long. */
const PATIENCE_MILLISECONDS = 120_000

let gateway: TestGateway
let taken = 0
const api = createServer((call, response) => {
  call.on('data', (piece: Buffer) => (taken += piece.length)).on('end', () => response.end('stored'))
})
beforeAll(async () => {
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const upstream = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`
  const open = { upstream, proof: 'none', token: 'none', methods: ['POST'] }
  gateway = await startGateway({
    COATCHECK_ROUTES: JSON.stringify([
      { ...open, prefix: '/uploads/', bodyLimit: '2GB' },
      { ...open, prefix: '/api/' },
    ]),
  })
})
afterAll(async () => {
  await gateway.stop()
  api.close()
})

/** Sends a gigabyte as fast as it is taken; answers the status, how much was sent, and the most memory that was resident meanwhile. */
async function upload(path: string, headers: Readonly<Record<string, string>>) {
  const call = request({
    port: gateway.port,
    host: '127.0.0.1',
    method: 'POST',
    path,
    headers: { Host: new URL(gateway.origin).host, ...headers },
  })
  let status: number | undefined
  const over = { is: false }
  call.on('response', (answer) => {
    status = answer.statusCode
    answer.resume().on('end', () => (over.is = true))
  })
  call.on('close', () => (over.is = true)).on('error', () => (over.is = true))
  let sent = 0
  let resident = 0
  while (sent < GIGABYTE && !over.is) {
    if (!call.write(PIECE)) await Promise.race([once(call, 'drain'), once(call, 'close')]).catch(() => undefined)
    sent += PIECE.length
    resident = Math.max(resident, process.memoryUsage.rss())
  }
  if (!over.is) {
    const closed = once(call, 'close')
    call.end()
    await closed
  }
  return { status, sent, resident }
}

describe('a gigabyte', () => {
  test(
    'passes where the route has room for it, without being kept here',
    async () => {
      const before = process.memoryUsage.rss()
      taken = 0
      const { status, sent, resident } = await upload('/uploads/film', { 'Content-Length': String(GIGABYTE) })
      expect([status, sent, taken]).toEqual([200, GIGABYTE, GIGABYTE])
      expect(resident - before).toBeLessThan(GIGABYTE / 4)
    },
    PATIENCE_MILLISECONDS,
  )

  test('is refused at once where it says how large it is, and reaches no upstream', async () => {
    taken = 0
    const { status, sent } = await upload('/api/film', { 'Content-Length': String(GIGABYTE) })
    expect([status, taken]).toEqual([413, 0])
    expect(sent).toBeLessThan(GIGABYTE / 4)
  })

  test('is cut off at the limit where it does not say how large it is', async () => {
    taken = 0
    const { sent } = await upload('/api/film', { 'Transfer-Encoding': 'chunked' })
    expect(taken).toBeLessThanOrEqual(100_000_000)
    expect(sent).toBeLessThan(GIGABYTE / 2)
    expect(gateway.logs('request').at(-1)).toMatchObject({ code: 'body_too_large', status: 413 })
  })
})
