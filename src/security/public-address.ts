import { isIP } from 'node:net'
import { createAddressList } from './address-list.ts'

const isOfNobody = createAddressList(
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 ::/127 fc00::/7 fe80::/10`.split(
    ' ',
  ),
)

/** Whether an address is one of the internet, not of this machine, its link or a private network (RFC 6890), where proxies have theirs. */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !isOfNobody(address)
}
