import type { ListenAddress } from './config.ts'

/** Whether two listeners would be in each other's way; a wildcard is every address. */
export function isSameAddress(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port || one.port === 0) return false
  const [host, otherHost] = [one, other].map(({ host }) => (host === 'localhost' ? '127.0.0.1' : host.toLowerCase()))
  return host === otherHost || [host, otherHost].some((name) => name === '0.0.0.0' || name === '::')
}
