import { isIP } from 'node:net'
import type { ListenAddress } from './config.ts'
import type { Refusal } from './refusal.ts'

/** `host:port`, an IPv6 address in brackets; port 0 lets the system choose. */
export function parseListenAddress(text: string): ListenAddress | Refusal {
  const write = 'host and port, such as 127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080'
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || digits === undefined) return { refused: 'is not a host and a port.', write }
  const port = Number(digits)
  if (port > 65_535) return { refused: 'has a port above 65535.', write }
  if (bracketed !== undefined && isIP(bracketed) !== 6) return { refused: 'has brackets around what is no IPv6 address.', write }
  if (plain !== undefined && isIP(plain) !== 4 && !isHostName(plain))
    return { refused: 'has a host that is no address and no host name.', write }
  return { host, port }
}

function isHostName(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) && !/^[\d.]+$/.test(text)
}
