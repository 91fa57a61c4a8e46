import type { IncomingHttpHeaders } from 'node:http'

/**
 * The headers of a request as they may be shown: whatever follows the scheme in `Authorization` is hidden but for its first four
 * characters, and the value of a cookie altogether.
 */
export function maskHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, mask(name, Array.isArray(value) ? value.join(', ') : (value ?? ''))]),
  )
}

function mask(name: string, value: string): string {
  if (name === 'cookie') return `(${value.length} characters, hidden)`
  if (name !== 'authorization' && name !== 'proxy-authorization') return value
  const [scheme = '', secret = ''] = value.split(' ', 2)
  return `${scheme} ${secret.slice(0, 4)}…(${secret.length} characters, hidden)`
}
