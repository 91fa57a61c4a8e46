import { once } from 'node:events'
import { createServer } from 'node:https'

export interface Sibling {
  readonly origin: string
  readonly stop: () => Promise<void>
}

interface Certified {
  readonly certificate: string
  readonly key: string
}

/** A page on which the tests run what an attacker would have put there; `?set-cookie=` sets a cookie, one byte for each character. */
export async function startSibling(host: string, { certificate: cert, key }: Certified): Promise<Sibling> {
  const server = createServer({ cert, key }, ({ url = '/' }, response) => {
    const cookie = new URL(url, `https://${host}`).searchParams.get('set-cookie')
    if (cookie !== null) response.setHeader('Set-Cookie', cookie)
    response.setHeader('Content-Type', 'text/html')
    response.end('<!doctype html><title>Not the app</title>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return { origin: `https://${host}:${address.port}`, stop }

  async function stop(): Promise<void> {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}
