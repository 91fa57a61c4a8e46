import type { WireAnswer } from './attack-wire.ts'
import type { Answer } from './browser.ts'
import type { Cookie } from './cookie-jar.ts'
import { parseSetCookie } from './cookie-jar.ts'

/** What the suite asked, and every line of what it was told. */
export interface Exchange {
  /** Method and address, without the query. */
  readonly asked: string
  /** All that was said: the bytes, or the body of a browser's request. */
  readonly said: string
  /** Status line, header lines and lines of the body. */
  readonly lines: readonly string[]
  readonly setCookies: readonly Cookie[]
}

/** One over a bare connection. */
export function exchangeOnWire(origin: string, said: string, { text, values }: WireAnswer): Exchange {
  const [method = '', target = ''] = said.split(/[ \r\n]/, 2)
  const setCookies = values('Set-Cookie').map((line) => parseSetCookie(new URL(origin), line))
  return { asked: `${method} ${pathOf(target)}`, said, lines: text.split('\r\n'), setCookies }
}

/** One of a browser's. */
export function exchangeOfBrowser(method: string, { url, status, headers, text, setCookies }: Answer): Exchange {
  const named = Object.entries(headers).flatMap(([name, value]) => [value ?? ''].flat().map((each) => `${name}: ${each}`))
  const asked = `${method} ${new URL(url).pathname}`
  return { asked, said: '', lines: [String(status), ...named, ...text.split('\n')], setCookies }
}

function pathOf(target: string): string {
  return target.split('?', 1)[0]?.slice(0, 60) ?? ''
}
