import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Below those that a system gives to whoever asks for any: an outgoing connection would take one meanwhile. None is barred to browsers. */
const [LOWEST, HIGHEST] = [11_000, 32_000]

/** A port of 127.0.0.1 that nobody listens on; for programs that cannot be told to choose one themselves. */
export async function findFreePort(): Promise<number> {
  const [port = 0] = await findFreePorts(1)
  return port
}

/** Several such ports, each another. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenSomewhere))
  const ports = servers.map((server) => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('No port was given.')
    return address.port
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

async function listenSomewhere(): Promise<Server> {
  const server = createServer()
  const port = randomInt(LOWEST, HIGHEST)
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    return server
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    return listenSomewhere()
  }
}
