/** A cookie as a browser keeps it, with the attributes it was set with. */
export interface Cookie {
  readonly name: string
  readonly value: string
  /** The host that set it. */
  readonly host: string
  /** With a leading host only where `Domain` was given; undefined: host-only. */
  readonly domain: string | undefined
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'Strict' | 'Lax' | 'None'
  /** Epoch milliseconds; undefined: until the browser closes. */
  readonly expiresAt: number | undefined
}

/** What decides which cookies go along (RFC 6265bis §5.8.3). */
export interface CookieUse {
  readonly sameSite: boolean
  readonly topLevelNavigation: boolean
  readonly method: string
}

export interface CookieJar {
  /** Keeps what an answer sets; a cookie that a browser would refuse is refused. Answers the refused ones' names. */
  readonly store: (url: URL, setCookies: readonly string[]) => readonly string[]
  /** The `Cookie` header of a request, or undefined. */
  readonly header: (url: URL, use: CookieUse) => string | undefined
  readonly all: () => readonly Cookie[]
  /** Puts a cookie in by hand; an attacker or an old deployment may have. */
  readonly put: (cookie: Cookie) => void
  readonly drop: (name: string) => void
  readonly clear: () => void
}

/** A cookie jar with the rules of RFC 6265bis that bear on us: prefixes, `Secure`, `SameSite`, paths, domains, lifetimes. */
export function createCookieJar(): CookieJar {
  let cookies: readonly Cookie[] = []

  function put(cookie: Cookie): void {
    const others = cookies.filter((each) => !isSame(each, cookie))
    cookies = cookie.expiresAt !== undefined && cookie.expiresAt <= Date.now() ? others : [...others, cookie]
  }

  return {
    store(url, setCookies) {
      const parsed = setCookies.map((line) => parseSetCookie(url, line))
      for (const cookie of parsed) if (isAcceptable(url, cookie)) put(cookie)
      return parsed.filter((cookie) => !isAcceptable(url, cookie)).map(({ name }) => name)
    },
    header(url, use) {
      const pairs = cookies.filter((cookie) => goesTo(cookie, url, use)).map(({ name, value }) => `${name}=${value}`)
      return pairs.length === 0 ? undefined : pairs.join('; ')
    },
    all: () => cookies.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > Date.now()),
    put,
    drop(name) {
      cookies = cookies.filter((cookie) => cookie.name !== name)
    },
    clear() {
      cookies = []
    },
  }
}

/** Reads one `Set-Cookie` line as a browser does. */
export function parseSetCookie(url: URL, line: string): Cookie {
  const [pair = '', ...rest] = line.split(';')
  const at = pair.indexOf('=')
  const attributes = new Map(
    rest.map((each): [string, string] => {
      const [name = '', ...value] = each.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()]
    }),
  )
  const sameSite = attributes.get('samesite')?.toLowerCase()
  return {
    name: pair.slice(0, at).trim(),
    value: pair.slice(at + 1).trim(),
    host: url.hostname,
    domain: attributes.get('domain')?.replace(/^\./, ''),
    path: attributes.get('path') ?? (url.pathname.replace(/\/[^/]*$/, '') || '/'),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSite === 'strict' ? 'Strict' : sameSite === 'none' ? 'None' : 'Lax',
    expiresAt: expiryOf(attributes),
  }
}

function expiryOf(attributes: ReadonlyMap<string, string>): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined) return Date.now() + Number(maxAge) * 1000
  const expires = attributes.get('expires')
  return expires === undefined ? undefined : Date.parse(expires)
}

/** Browsers take loopback for as good as https. */
export function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || url.hostname === 'localhost' || url.hostname.startsWith('127.')
}

function isAcceptable(url: URL, cookie: Cookie): boolean {
  if (cookie.secure && !isTrustworthy(url)) return false
  if (cookie.sameSite === 'None' && !cookie.secure) return false
  if (cookie.domain !== undefined && !isWithin(url.hostname, cookie.domain)) return false
  const prefix = cookie.name.toLowerCase()
  if (prefix.startsWith('__secure-') && !cookie.secure) return false
  if (prefix.startsWith('__host-') && !(cookie.secure && cookie.path === '/' && cookie.domain === undefined)) return false
  return !/^__(?:host-)?http-/.test(prefix) || (cookie.httpOnly && cookie.secure)
}

function goesTo(cookie: Cookie, url: URL, { sameSite, topLevelNavigation, method }: CookieUse): boolean {
  if (cookie.expiresAt !== undefined && cookie.expiresAt <= Date.now()) return false
  if (cookie.domain === undefined ? cookie.host !== url.hostname : !isWithin(url.hostname, cookie.domain)) return false
  if (cookie.secure && !isTrustworthy(url)) return false
  const below = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`
  if (url.pathname !== cookie.path && !url.pathname.startsWith(below)) return false
  if (sameSite || cookie.sameSite === 'None') return true
  return cookie.sameSite === 'Lax' && topLevelNavigation && (method === 'GET' || method === 'HEAD')
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

function isSame(one: Cookie, other: Cookie): boolean {
  return one.name === other.name && one.path === other.path && (one.domain ?? one.host) === (other.domain ?? other.host)
}
