import { isIP } from 'node:net'

/**
 * The network of an address as limits count it (an IPv4 address, or an IPv6 /64), coarse enough to be kept and shown: /24 or /48.
 * It tells people "that was not me", and nobody where somebody lives.
 */
export function coarseNetwork(counted: string | undefined): string | undefined {
  if (counted === undefined) return undefined
  if (isIP(counted) === 4) return `${counted.split('.').slice(0, 3).join('.')}.0/24`
  const groups = /^((?:[0-9a-f]{1,4}:){3})[0-9a-f]{1,4}::\/64$/.exec(counted)?.[1]
  return groups && `${groups}:/48`
}
