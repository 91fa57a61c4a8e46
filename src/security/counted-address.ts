import { isIP } from 'node:net'

/** The name under which limits count an address: an IPv6 one by its /64, which is what one subscriber has of them (RFC 6177 §2). */
export function countedAddress(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1).split('::')
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')]
  const left = tail === undefined ? 0 : 8 - first.length - last.length
  const groups = [...first, ...Array.from({ length: left }, () => '0'), ...last]
  return `${groups.slice(0, 4).join(':')}::/64`
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}
