import { createServer, type Server } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { listen } from '../../../src/operations/listen.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function server(): Server {
  const made = createServer()
  servers.push(made)
  return made
}

describe('listening', () => {
  test('port 0 lets the system choose, and says which', async () => {
    const listening = await listen(server(), { host: '127.0.0.1', port: 0 }, 'COATCHECK_LISTEN')
    expect(listening).toEqual({
      kind: 'listening',
      port: expect.any(Number),
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    })
  })

  test('a port in use is named, with what to do', async () => {
    const first = await listen(server(), { host: '127.0.0.1', port: 0 }, 'COATCHECK_LISTEN')
    const port = first.kind === 'listening' ? first.port : 0
    const second = await listen(server(), { host: '127.0.0.1', port }, 'COATCHECK_LISTEN')
    expect(second).toEqual({
      kind: 'refused',
      says: `127.0.0.1:${port} is already in use. End what listens there (\`ss -ltnp 'sport = :${port}'\` names it), or set COATCHECK_LISTEN to another address.`,
    })
  })

  test('an address of another machine is named, with what to do', async () => {
    const listening = await listen(server(), { host: '192.0.2.1', port: 8080 }, 'COATCHECK_PRIVATE_LISTEN')
    expect(listening).toMatchObject({
      kind: 'refused',
      says: expect.stringMatching(/^192\.0\.2\.1:8080 is no address of this machine\. Set COATCHECK_PRIVATE_LISTEN/),
    })
  })
})
