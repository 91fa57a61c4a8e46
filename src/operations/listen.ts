import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/config.ts'

/** How an attempt to listen ended; `says` is a sentence for the person who started it. */
export type Listening =
  | { readonly kind: 'listening'; readonly port: number; readonly url: string }
  | { readonly kind: 'refused'; readonly says: string }

/** Begins to listen at `address`; `variable` is the environment variable that chooses another. */
export async function listen(server: Server, address: ListenAddress, variable: string): Promise<Listening> {
  return new Promise((resolve) => {
    function refused(error: NodeJS.ErrnoException): void {
      resolve({ kind: 'refused', says: whyNot(error, address, variable) })
    }
    server.once('error', refused)
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', refused)
      const { port } = addressOf(server)
      resolve({ kind: 'listening', port, url: `http://${hostInUrl(address.host)}:${port}` })
    })
  })
}

function addressOf(server: Server): Pick<AddressInfo, 'port'> {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address : { port: 0 }
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

const REASONS: ReadonlyMap<string, (place: string, address: ListenAddress, variable: string) => string> = new Map([
  [
    'EADDRINUSE',
    (place, { port }, variable) =>
      `${place} is already in use. End what listens there (\`ss -ltnp 'sport = :${port}'\` names it), or set ${variable} to another address.`,
  ],
  ['EACCES', (place, _, variable) => `${place} may not be listened on by this user. Set ${variable} to a port of 1024 or above.`],
  [
    'EADDRNOTAVAIL',
    (place, { port }, variable) =>
      `${place} is no address of this machine. Set ${variable} to one that is, such as 127.0.0.1:${port} or 0.0.0.0:${port}.`,
  ],
  [
    'ENOTFOUND',
    (place, { host }, variable) =>
      `${place} cannot be listened on: the name ${host} has no address. Set ${variable} to an IP address and a port.`,
  ],
])

function whyNot(error: NodeJS.ErrnoException, address: ListenAddress, variable: string): string {
  const place = `${hostInUrl(address.host)}:${address.port}`
  const code = error.code ?? error.name
  const says = REASONS.get(code)?.(place, address, variable)
  return says ?? `${place} cannot be listened on (${code}). Set ${variable} to another address.`
}
