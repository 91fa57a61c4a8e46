import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { rawRequest } from '../support/raw-client.ts'

let folder: string
let gateway: TestGateway
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-refusals-'))
  await writeFile(join(folder, 'index.html'), '0123456789')
  gateway = await startGateway({ COATCHECK_STATIC: folder })
})
afterAll(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true, force: true })
})

const NAVIGATION = 'Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document'

/** Head and body of the answer. */
async function ask(path: string, ...headers: readonly string[]): Promise<readonly [string, string]> {
  const lines = [`GET ${path} HTTP/1.1`, `Host: ${new URL(gateway.origin).host}`, ...headers, 'Connection: close', '', '']
  const [head = '', body = ''] = (await rawRequest(gateway.port, lines.join('\r\n'))).split('\r\n\r\n', 2)
  return [head, body]
}

describe('what the framework refuses by itself', () => {
  test.each(['/bff/assets/%E0%A4%A', '/bff/assets/%', '/bff/assets/%ff'])(
    'is no fault of ours: a name that cannot be decoded is a bad request: %s',
    async (path) => {
      const [head, body] = await ask(path)
      expect(head).toMatch(/^HTTP\/1.1 400 /)
      expect(JSON.parse(body)).toMatchObject({ code: 'request_invalid' })
      expect(gateway.logs('unexpected_error')).toEqual([])
    },
  )

  describe.each([
    ['a file', '/index.html', []],
    ['the page at a deep link', '/orders/42', [NAVIGATION]],
  ])('about %s', (_, path, asked) => {
    test('a part that it does not have is 416, with its length', async () => {
      const [head] = await ask(path, 'Range: bytes=9999-', ...asked)
      expect(head).toMatch(/^HTTP\/1.1 416 /)
      expect(head).toMatch(/^content-range: bytes \*\/10$/im)
      expect(head).toMatch(/^cache-control: no-store$/im)
    })

    test.each(['If-Match: "x"', 'If-Unmodified-Since: Mon, 01 Jan 1990 00:00:00 GMT'])(
      'a precondition that does not hold is 412: %s',
      async (condition) => {
        const [head] = await ask(path, condition, ...asked)
        expect(head).toMatch(/^HTTP\/1.1 412 /)
        expect(gateway.logs('unexpected_error')).toEqual([])
      },
    )

    test('a part that it has is that part', async () => {
      const [head, body] = await ask(path, 'Range: bytes=2-4', ...asked)
      expect([head.slice(0, 13), body]).toEqual(['HTTP/1.1 206 ', '234'])
    })
  })
})
