import { isIP } from 'node:net'
import type { Refusal } from './refusal.ts'

/** A peer or network whose forwarding headers count, as CIDR; a single address becomes a network of one. */
export function parseTrustedProxy(text: string): string | Refusal {
  const write = 'an address or a network, such as 127.0.0.1/32, 10.0.0.0/8 or ::1/128'
  const [, address, digits] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = address === undefined ? 0 : isIP(address)
  if (address === undefined || version === 0) return { refused: 'is not an address and not a network.', write }
  const most = version === 4 ? 32 : 128
  const length = digits === undefined ? most : Number(digits)
  if (length > most) return { refused: `has a prefix longer than ${most} bits.`, write }
  if (length === 0)
    return {
      refused: 'trusts everyone, so that anyone could claim any address.',
      write: 'the addresses of your own proxies only',
    }
  return `${address}/${length}`
}
