import { parseHttpUrl } from './parse-http-url.ts'
import { isCanonicalPath } from './parse-path.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** One address of an upstream. */
export interface Upstream {
  readonly kind: 'http' | 'https' | 'socket'
  /** As logs and metrics tell it. */
  readonly name: string
  /** For a socket `http://localhost`, which is what its `Host` says. */
  readonly origin: string
  readonly path: string
  readonly hostname: string
  /** With the scheme's own where none was written. */
  readonly port: number
  readonly socketPath: string | undefined
}

const EXAMPLE = 'http://localhost:3000/'
const SOCKET_EXAMPLE = 'http+unix:///run/api.sock:/'
// What Linux and macOS both take (sockaddr_un), the closing zero left out.
const LONGEST_SOCKET_PATH = 103

/**
 * Where a route leads: one explicit host (RFC 10017 §6.1.3.6), or the socket of a process on this machine as
 * `http+unix:///path/of.socket:/path/`, and the path that replaces the prefix.
 */
export function parseUpstream(text: string): Upstream | Refusal {
  if (/^http\+unix:/i.test(text)) return parseSocket(text)
  const parsed = parseHttpUrl(text, EXAMPLE)
  if (isRefusal(parsed)) return parsed
  const { url } = parsed
  const path = parsed.path === '' ? '/' : parsed.path
  const isSecure = url.protocol === 'https:'
  return (
    refusePath(path) ?? {
      kind: isSecure ? 'https' : 'http',
      name: url.origin,
      origin: url.origin,
      path,
      hostname: url.hostname,
      port: Number(url.port || (isSecure ? 443 : 80)),
      socketPath: undefined,
    }
  )
}

function parseSocket(text: string): Upstream | Refusal {
  const [, socketPath, path = '/'] = /^http\+unix:\/\/(\/[^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (socketPath === undefined || !isCanonicalPath(socketPath) || socketPath.endsWith('/')) {
    return {
      refused: 'does not name a socket by its whole path.',
      write: `the path of the socket, then a colon and the path that replaces the prefix, such as ${SOCKET_EXAMPLE}`,
    }
  }
  if (socketPath.length > LONGEST_SOCKET_PATH) {
    return {
      refused: `names a socket by a path of more than ${LONGEST_SOCKET_PATH} characters, which no system takes.`,
      write: 'a shorter path',
    }
  }
  const name = `http+unix://${socketPath}`
  return (
    refusePath(path) ?? { kind: 'socket', name, origin: 'http://localhost', path, hostname: 'localhost', port: 0, socketPath }
  )
}

function refusePath(path: string): Refusal | undefined {
  if (!path.endsWith('/')) {
    return {
      refused: 'has a path that does not end with a slash.',
      write: 'the same with a slash at the end: the prefix is replaced by it',
    }
  }
  if (isCanonicalPath(path)) return undefined
  return {
    refused: 'has a path that is not canonical.',
    write: 'a path without empty segments, dot segments, percent-encoding and wildcards',
  }
}
