import * as fc from 'fast-check'

/** Header lines of a page that is opened from the application's own origin. */
export const NAVIGATION = [
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
  'Accept: text/html',
] as const

/** Header lines of a script of the application's own page. */
export const SCRIPT = ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty', 'X-CSRF: 1'] as const

/** What begins an address elsewhere, for one reader or another. */
const LURES = [
  '//evil.test',
  '/\\evil.test',
  '\\\\evil.test',
  '/%0a/evil.test',
  '/%2f%2fevil.test',
  '/%2f/evil.test',
  '/%5cevil.test',
  '%2f%2fevil.test',
  '/%252f%252fevil.test',
  '/%09/evil.test',
  '/.//evil.test',
  '/..//evil.test',
  '/x/..//evil.test',
  '/%2e%2e//evil.test',
  '///evil.test',
  'https:evil.test',
  'https:/evil.test',
  'https://evil.test',
  'HTTPS://evil.test',
  '//evil.test:80',
  '//user@evil.test',
  '/@evil.test',
  '@evil.test',
  '//evil。test',
  '/\u2028/evil.test',
  '//evil．test',
  'javascript:alert(1)',
  'data:text/html,x',
  'evil.test',
  '.evil.test',
  '/\t/evil.test',
  '/\n/evil.test',
  '/ /evil.test',
  '/;@evil.test',
  '//[::1]',
  '////evil.test',
  '/／evil.test',
  'http:///evil.test',
] as const

const BEFORE = [
  '',
  '',
  '',
  ' ',
  '\t',
  '\r',
  '\n',
  '\0',
  '\u00a0',
  '\ufeff',
  '/',
  '\\',
  '%20',
  '%09',
  '%0d%0a',
  '.',
  './',
] as const
const BEHIND = ['', '/', '/path', '?q=1', '#f', '%2f..', '/%2e%2e/', '\\', '@app.test', '\r\nLocation: //evil.test'] as const

/** Texts that would lead a person elsewhere if somebody took them for a place in the application. */
export const luringTexts: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...BEFORE), fc.constantFrom(...LURES), fc.constantFrom(...BEHIND))
    .map(([before, lure, behind]) => before + lure + behind),
  fc
    .array(fc.constantFrom('/', '\\', '%2f', '%5c', '.', '%2e', 'evil.test', ':', '@', '\t', '%09', 'x', '?', '#', ';'), {
      maxLength: 7,
    })
    .map((pieces) => pieces.join('')),
  fc.constantFrom(...LURES).map((lure) => encodeURIComponent(lure)),
)

const plainText = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~!$&()*+,;=:@'.split('')), maxLength: 8 })

/** Places in the application that a person may legally have been at: URLs and double slashes within them included. */
export const deepLinks: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(
      plainText.map((text) => `p${text}`),
      { minLength: 1, maxLength: 4 },
    ),
    fc.constantFrom('', '/', '/a%2Fb', '//a//b', '/%C3%A4', '/a%20b'),
    fc.constantFrom('', '?', '?next=//evil.test', '?u=https://evil.test/a?b=c', '?a=%2F%2Fevil&b=%5C', '?q=a+b&q=%0A'),
    fc.constantFrom('', '#', '#/route//x', '#https://evil.test'),
  )
  .map(([segments, more, query, fragment]) => `/${segments.join('/')}${more}${query}${fragment}`)
  // An empty query or fragment is none to the URL parser.
  .map((link) => link.replace(/\?(?=#|$)/, '').replace(/#$/, ''))

/** A text as it is, decoded once, and twice, as a careless reader may. */
export function readingsOf(text: string): readonly string[] {
  const once = decode(text)
  return [text, once, decode(once)]
}

function decode(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
