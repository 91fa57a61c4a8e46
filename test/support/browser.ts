import { request as requestPlainly, type IncomingHttpHeaders } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { createCookieJar, isTrustworthy, parseSetCookie, type Cookie, type CookieJar } from './cookie-jar.ts'

/** One answer, its body read. */
export interface Answer {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The cookies that this answer sets, refused ones included, with every attribute. */
  readonly setCookies: readonly Cookie[]
  /** The headers that were sent for it. */
  readonly sent: Readonly<Record<string, string>>
  /** The body as JSON; throws where it is none. */
  readonly json: () => unknown
}

/** Where a navigation ended, and the redirects that led there, first one first. */
export interface Page extends Answer {
  readonly redirects: readonly Answer[]
}

interface Navigation {
  /** The page on which the link was clicked or the form sent; `null`: the address bar. Default: the page that is open. */
  readonly from?: string | null
  /** Sent as a form by POST. */
  readonly form?: Readonly<Record<string, string>>
  /** `false`: the first redirect is the answer. */
  readonly follow?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

interface ScriptCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The page whose script calls. Default: the target's own origin. */
  readonly from?: string
  /** `false`: without `X-CSRF: 1`. */
  readonly csrf?: boolean
  /** Default `same-origin`; `include` sends cookies elsewhere too. */
  readonly credentials?: 'same-origin' | 'include' | 'omit'
}

/** A browser for HTTP tests: it keeps cookies, follows redirects over hosts and says about each request what Chromium would. */
export interface Browser {
  /** Opens a page: a typed address where nothing is open or `from` is `null`, else a link on the page that is open. */
  readonly navigate: (url: string | URL, how?: Navigation) => Promise<Page>
  /** Calls as a script of the application's own page would; redirects are the answer. */
  readonly fetch: (url: string | URL, how?: ScriptCall) => Promise<Answer>
  /** The page that is open. */
  readonly page: Page | undefined
  /** Every answer so far, redirects and script calls included: what this browser was ever told. */
  readonly answers: readonly Answer[]
  /** Cookies to look at and to meddle with. */
  readonly jar: CookieJar
  /** The one cookie of this name; undefined where it is not there. */
  readonly cookie: (name: string) => Cookie | undefined
}

interface Setup {
  /** Certificates to trust, for https. */
  readonly ca?: string | Buffer
  /** Where hosts really are: `{ 'app.shop.test': { host: '127.0.0.1', port: 8443 } }`. */
  readonly hosts?: Readonly<Record<string, { readonly host: string; readonly port: number }>>
  /** Is told of every answer. */
  readonly tells?: (method: string, answer: Answer) => void
}

interface Sending {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

const MOST_REDIRECTS = 20

/** A browser with an empty jar and nothing open. */
export function createBrowser({ ca, hosts = {}, tells }: Setup = {}): Browser {
  const jar = createCookieJar()
  const answers: Answer[] = []
  let page: Page | undefined

  async function send(url: URL, { method, headers, body }: Sending): Promise<Answer> {
    const request = url.protocol === 'https:' ? requestSecurely : requestPlainly
    // `localhost` may be ::1 first, while tests listen on 127.0.0.1.
    const at = hosts[url.hostname] ?? { host: url.hostname === 'localhost' ? '127.0.0.1' : url.hostname, port: url.port }
    const sent = { Host: url.host, ...headers }
    const answer = await new Promise<Answer>((resolve, reject) => {
      const tls = { ...(ca === undefined ? {} : { ca }), servername: url.hostname }
      const path = `${url.pathname}${url.search}`
      const outgoing = request({ ...at, ...tls, method, path, headers: sent, agent: false }, (incoming) => {
        const pieces: Buffer[] = []
        incoming.on('data', (piece: Buffer) => pieces.push(piece))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(pieces).toString()
          const setCookies = (incoming.headers['set-cookie'] ?? []).map((line) => parseSetCookie(url, line))
          const json = (): unknown => JSON.parse(text)
          resolve({ url: url.href, status: incoming.statusCode ?? 0, headers: incoming.headers, text, setCookies, sent, json })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
    jar.store(url, answer.headers['set-cookie'] ?? [])
    answers.push(answer)
    tells?.(method, answer)
    return answer
  }

  async function navigate(target: string | URL, how: Navigation = {}): Promise<Page> {
    const { from = page?.url ?? null, form, follow = true } = how
    const initiator = from === null ? undefined : new URL(from)
    const redirects: Answer[] = []
    const chain: URL[] = []
    let url = new URL(target, page?.url)
    let method = form === undefined ? 'GET' : 'POST'

    for (;;) {
      chain.push(url)
      const cookies = jar.header(url, { sameSite: isSameSite(initiator, url), topLevelNavigation: true, method })
      const answer = await send(url, {
        method,
        headers: {
          Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
          'Upgrade-Insecure-Requests': '1',
          ...(isTrustworthy(url)
            ? { ...metadata('navigate', 'document', siteOf(initiator, chain)), 'Sec-Fetch-User': '?1' }
            : {}),
          ...(method === 'POST'
            ? { 'Content-Type': 'application/x-www-form-urlencoded', Origin: originOf(initiator, chain) }
            : {}),
          ...(cookies === undefined ? {} : { Cookie: cookies }),
          ...how.headers,
        },
        body: method === 'POST' ? new URLSearchParams(form).toString() : undefined,
      })
      const { location } = answer.headers
      if (!follow || location === undefined || answer.status < 300 || answer.status > 399) {
        page = { ...answer, redirects }
        return page
      }
      redirects.push(answer)
      if (redirects.length > MOST_REDIRECTS) throw new Error(`Too many redirects, the last to ${location}`)
      if (answer.status !== 307 && answer.status !== 308) method = 'GET'
      url = new URL(location, url)
    }
  }

  async function call(target: string | URL, how: ScriptCall = {}): Promise<Answer> {
    const url = new URL(target, page?.url)
    const { method = 'GET', from = url.href, csrf = true, credentials = 'same-origin', body } = how
    const initiator = new URL(from)
    const sameOrigin = initiator.origin === url.origin
    const withCookies = credentials === 'include' || (credentials === 'same-origin' && sameOrigin)
    const use = { sameSite: isSameSite(initiator, url), topLevelNavigation: false, method }
    const cookies = withCookies ? jar.header(url, use) : undefined
    return send(url, {
      method,
      headers: {
        Accept: '*/*',
        ...(isTrustworthy(url) ? metadata('cors', 'empty', siteOf(initiator, [url])) : {}),
        ...(!sameOrigin || (method !== 'GET' && method !== 'HEAD') ? { Origin: initiator.origin } : {}),
        ...(csrf ? { 'X-CSRF': '1' } : {}),
        ...(cookies === undefined ? {} : { Cookie: cookies }),
        ...(typeof body === 'string' ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}),
        ...how.headers,
      },
      body,
    })
  }

  return {
    navigate,
    fetch: call,
    get page() {
      return page
    },
    answers,
    jar,
    cookie: (name) => jar.all().find((cookie) => cookie.name === name),
  }
}

function metadata(mode: string, dest: string, site: string): Record<string, string> {
  return { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest }
}

/** `Sec-Fetch-Site` (Fetch Metadata §2.3): the worst relation between who asked and any address of the chain. */
function siteOf(initiator: URL | undefined, chain: readonly URL[]): string {
  if (initiator === undefined) return 'none'
  if (chain.every((url) => url.origin === initiator.origin)) return 'same-origin'
  return chain.every((url) => isSameSite(initiator, url)) ? 'same-site' : 'cross-site'
}

/** `Origin` of a form: `null` once a redirect has left the origin it was sent to. */
function originOf(initiator: URL | undefined, chain: readonly URL[]): string {
  return initiator === undefined || chain.some((url) => url.origin !== chain[0]?.origin) ? 'null' : initiator.origin
}

/**
 * Whether `SameSite` cookies go along: who asked and the target share scheme and registrable domain. As in Chromium, redirects
 * in between do not count; an address that was typed is on every site.
 */
function isSameSite(initiator: URL | undefined, url: URL): boolean {
  return initiator === undefined || (initiator.protocol === url.protocol && domainOf(initiator) === domainOf(url))
}

/** Good enough for the names of tests: the last two labels; addresses and single labels whole. */
function domainOf({ hostname }: URL): string {
  return /^[\d.]+$|^\[/.test(hostname) ? hostname : hostname.split('.').slice(-2).join('.')
}
