import { createServer, type Server } from 'node:http'
import { once } from 'node:events'

/** Somebody else has the address, or we may not have it. */
export interface Refused {
  readonly kind: 'refused'
  readonly code: string
}

export interface Listening {
  readonly kind: 'listening'
  readonly server: Server
  readonly port: number
}

/** Opens a server that has nothing to answer yet; its port is known before what runs there is built. */
export async function listen(host: string, port: number): Promise<Listening | Refused> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    return { kind: 'refused', code: codeOf(error) }
  }
  const address = server.address()
  return { kind: 'listening', server, port: typeof address === 'object' && address !== null ? address.port : port }
}

/** Closes a server at once, whoever is still connected. */
export async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
