import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/*
 * From below the ports that a system gives to whoever asks for any, one of which an outgoing connection would take meanwhile; each of
 * Jest's workers has some of its own, and takes one after the other. None of them is barred to browsers.
 */
const [LOWEST, EACH, WORKERS] = [11_000, 2_600, 8]
const first = LOWEST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS) * EACH
let taken = randomInt(EACH)

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
  taken = (taken + 1) % EACH
  const isListening = await new Promise<boolean>((resolve, reject) =>
    server
      .once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
      .listen(first + taken, '127.0.0.1', () => resolve(true)),
  )
  return isListening ? server : listenSomewhere()
}
