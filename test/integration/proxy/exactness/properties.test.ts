import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { type ExactGateway, startExactGateway, statusesIn } from '../../../support/exact-gateway.ts'

let exact: ExactGateway
beforeAll(async () => {
  exact = await startExactGateway()
})
afterAll(() => exact.stop())

// A failure prints the seed and the path that lead to it; fc.assert(…, { seed, path }) plays it again.
const RUNS = { numRuns: 300 }

const octets = (from: number, to: number, maxLength: number) =>
  fc.string({ unit: fc.integer({ min: from, max: to }).map((code) => String.fromCharCode(code)), maxLength })

const escape = (text: string) =>
  [...Buffer.from(text, 'latin1')].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')

const trimmed = (text: string) => text.replaceAll(/^[ \t]+|[ \t]+$/g, '')

describe('whatever path is sent', () => {
  const HOSTILE = [
    '.',
    '..',
    '/',
    '\\',
    ';',
    '?',
    '#',
    '%',
    '@',
    ':',
    '//',
    ' ',
    '\t',
    '\x00',
    '\r',
    '\n',
    '\xc0\xae',
    '\xc0\xaf',
    '\xe0\x80\xaf',
    '\u00ff',
    'a',
    'B',
    '~',
    'é',
  ]
  const piece = fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.constantFrom(...HOSTILE).map((text) => escape(text)),
    fc.constantFrom(...HOSTILE).map((text) => escape(escape(text))),
    fc.constantFrom(
      '%2E',
      '%2e',
      '%2F',
      '%5C',
      '%3b',
      '%3F',
      '%23',
      '%25',
      '%00',
      '%0d%0a',
      '%u002e',
      '%',
      '%zz',
      '/x',
      '/y/',
      ';v=1',
      '?q=/../',
      '%e4%ba%ac',
    ),
    octets(0x21, 0x7e, 6),
    octets(0x20, 0xff, 3),
    fc.stringMatching(/^[a-z0-9/._-]{0,12}$/),
  )

  // HTTP-20, BFF-19, H-09
  test('the upstream sees those bytes in a path that reads in one way, or the answer is 400', async () => {
    let carried = 0
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        // Spaces at its end are more of the one that ends it: a recipient may take words for what they are (RFC 9112 §3).
        const target = `/open/${pieces.join('')}`.replace(/ +$/, '')
        const before = exact.upstream.octets()
        const seen = exact.upstream.messages().length
        const said = await exact.say(`GET ${target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n`)
        const messages = exact.upstream.messages().slice(seen)
        if (messages.length === 0) {
          expect(statusesIn(said).every((status) => status === 400)).toBe(true)
          expect(exact.upstream.octets()).toBe(before)
          return
        }
        carried += 1
        expect(messages.map((message) => message.target)).toEqual([target])
        const [path = ''] = target.split('?', 1)
        expect(new URL(`http://upstream.test${path}`).pathname).toBe(path)
        for (
          let reading = path, times = 0;
          times < 5;
          times += 1,
            reading = reading.replace(/%([0-9a-f]{2})/gi, (_all, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
        ) {
          expect(reading).not.toMatch(/\/\.{1,2}(?:[/;?#]|$)|\/\/|\\|\x00|[\r\n]|%2f|%5c/i)
        }
      }),
      RUNS,
    )
    // Else it would be all refusals that were looked at.
    expect(carried).toBeGreaterThan(RUNS.numRuns / 20)
  })

  test('a plain path is always carried', async () => {
    const plain = fc.stringMatching(
      /^(?:[a-zA-Z0-9_~-][a-zA-Z0-9._~!$&'()*+,=:@-]{0,8}\/?){1,5}(?:\?[a-zA-Z0-9/?:@!$&'()*+,;=%.-]{0,20})?$/,
    )
    await fc.assert(
      fc.asyncProperty(plain, async (rest) => {
        expect((await exact.carried(`GET /api/${rest} HTTP/1.1`)).target).toBe(`/api/${rest}`)
      }),
      RUNS,
    )
  })
})

const isFraming = ([known]: readonly [string, string]) => /^(?:host|content-length|transfer-encoding|expect)$/i.test(known)

describe('whatever headers are sent', () => {
  const OURS = [
    'host',
    'connection',
    'authorization',
    'via',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-request-id',
    'content-length',
    'transfer-encoding',
  ]
  // Written down apart from the product's own list, and looser than it: "_" and "." count as "-".
  const FORBIDDEN =
    /^(?:cookie2?|dpop|proxy(?:-.*)?|te|trailer|upgrade|keep-alive|http2-settings|expect|forwarded|x-forwarded-(?!for$|proto$|host$).*|x-real-ip|true-client-ip|x-(?:user|session|auth|remote|client|original|rewrite|http|accel|jwt|oidc)(?:-.*)?|remote-.*|client-cert.*|oidc-.*|x-csrf|.*-token|.*-api-key|x-api-key|x-email|x-groups|x-roles?|baggage)$/
  const SAFE = ['X-Plain', 'x-plain', 'Accept-Language', 'X-A', 'X-B', 'If-None-Match', 'User-Agent', 'Content-Language']
  const HOSTILE = [
    'Cookie',
    'Cookie2',
    'Authorization',
    'DPoP',
    'X-Forwarded-For',
    'X-Forwarded-User',
    'X-Forwarded-Host',
    'Forwarded',
    'X-User-Id',
    'X_User_Id',
    'X.User.Id',
    'X-Session',
    'Remote-User',
    'X-Real-IP',
    'Client-Cert',
    'Proxy',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Upgrade',
    'Keep-Alive',
    'X-Original-URL',
    'X-HTTP-Method-Override',
    'X-Access-Token',
    'X-Api-Key',
    'Baggage',
    'OIDC-Claim',
    'X-Accel-Redirect',
    'Via',
    'X-Request-Id',
    '__proto__',
    'constructor',
    'Max-Forwards',
  ]
  const name = fc.oneof(
    fc.constantFrom(...SAFE),
    fc.constantFrom(...HOSTILE),
    fc.constantFrom(...HOSTILE).map((known) => known.toUpperCase()),
    fc.constantFrom(...HOSTILE).map((known) => known.replaceAll('-', '_')),
    fc.constantFrom(...HOSTILE).map((known) => known.replaceAll('-', '.')),
    fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
  )
  const value = fc
    .oneof(octets(0x20, 0x7e, 20), octets(0x80, 0xff, 8), fc.constantFrom('', 'a\tb', 'coatcheck', '1.1 a'))
    .map(trimmed)
  const line = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(name, value) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('Connection', 'connection'), name) },
  )

  // H-06, H-31, H-32, H-51, HTTP-01, HTTP-22, HTTP-23, FWD-06
  test('nothing forbidden reaches the upstream, what does is byte for byte in its order and number, and ours is there once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (all) => {
        const sent = all.filter((each) => !isFraming(each))
        const seen = exact.upstream.messages().length
        const said = await exact.ask('GET /api/x HTTP/1.1', ...sent.map(([known, text]) => `${known}: ${text}`))
        const [message, another] = exact.upstream.messages().slice(seen)
        expect(another).toBeUndefined()
        if (message === undefined) {
          expect([400, 508]).toContain(statusesIn(said)[0])
          return
        }
        const nominated = new Set(sent.filter(([known]) => /^connection$/i.test(known)).map(([, text]) => text.toLowerCase()))
        const theirs = message.lines.filter(([known]) => !OURS.includes(known.toLowerCase()))
        for (const [known] of theirs) {
          expect(known.toLowerCase().replaceAll(/[_.]/g, '-')).not.toMatch(FORBIDDEN)
          expect(nominated).not.toContain(known.toLowerCase())
        }
        // What came is what was sent of those names, whole and in its order.
        const kept = new Set(theirs.map(([known]) => known))
        expect(theirs).toEqual(sent.filter(([known]) => kept.has(known)))
        for (const [known] of sent) {
          if (SAFE.includes(known) && !nominated.has(known.toLowerCase())) expect(kept).toContain(known)
        }
        for (const own of ['host', 'authorization', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id']) {
          expect([own, message.values(own)]).toEqual([own, [expect.stringMatching(/./)]])
        }
        expect(message.values('via').at(-1)).toBe('1.1 coatcheck')
      }),
      RUNS,
    )
  })

  // H-32, HTTP-23, SMG-18
  test('no CR, LF, NUL or other control character is in any line that the upstream gets', async () => {
    await fc.assert(
      fc.asyncProperty(name, octets(0x00, 0xff, 12), async (known, text) => {
        fc.pre(!isFraming([known, text]))
        const seen = exact.upstream.messages().length
        const said = await exact.ask('GET /api/x HTTP/1.1', `${known}: ${text}`)
        // The strict reader throws for a line that is none.
        for (const message of exact.upstream.messages().slice(seen))
          for (const [, got] of message.lines) expect(got).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/)
        expect(statusesIn(said).every((status) => status < 500 || status === 508)).toBe(true)
      }),
      RUNS,
    )
  })

  // SEC-08, HTTP-22
  test('of an answer, nothing forbidden reaches the browser, and what does is byte for byte in its order and number', async () => {
    const forbidden =
      /^(?:set-cookie2?|clear-site-data|strict-transport-security|service-worker-allowed|access-control-.*|alt-svc|refresh|nel|report-to|sourcemap|x-accel-.*|x-sendfile|proxy-.*|dpop-nonce|server|x-powered-by|te|trailer|upgrade|coatcheck-.*)$/
    const hostile = fc.constantFrom(
      'Set-Cookie',
      'SET_COOKIE',
      'Clear-Site-Data',
      'X-Accel-Redirect',
      'x.accel.expires',
      'Access-Control-Allow-Origin',
      'Refresh',
      'NEL',
      'Server',
      'Strict-Transport-Security',
      'Alt-Svc',
      'Trailer',
      'Coatcheck-Reason',
      'Proxy-Status',
      '__proto__',
      'constructor',
    )
    const plain = fc.constantFrom('X-A', 'X-B', 'x-a', 'ETag', 'Content-Language', 'Retry-After')
    const odd = fc.stringMatching(/^[A-Za-z!#$%&'*+^`|~-]{1,10}$/).map((text) => `Odd-${text}`)
    const field = fc.tuple(fc.oneof(hostile, plain, odd), value)
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 12 }), async (fields) => {
        const answer = await exact.answered(
          ['HTTP/1.1 200 OK', ...fields.map(([known, text]) => `${known}: ${text}`), 'Content-Length: 2', '', 'ok'].join('\r\n'),
        )
        expect(statusesIn(answer)).toEqual([200])
        const lines = answer
          .slice(0, answer.indexOf('\r\n\r\n'))
          .split('\r\n')
          .slice(1)
          .map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 2)] as const)
        for (const [known] of lines) expect(known.toLowerCase().replaceAll(/[_.]/g, '-')).not.toMatch(forbidden)
        for (const known of new Set(
          fields.map(([each]) => each.toLowerCase()).filter((each) => /^(?:x-|etag|odd-|content-language|retry)/.test(each)),
        )) {
          if (known.startsWith('x.') || known.startsWith('x-accel')) continue
          const of = (all: readonly (readonly [string, string])[]) =>
            all.filter(([each]) => each.toLowerCase() === known).map(([, text]) => text)
          expect(of(lines)).toEqual(of(fields))
        }
      }),
      RUNS,
    )
  })
})

describe('whatever cookies are sent', () => {
  // H-21, H-31, BFF-16
  test('nothing breaks, and no cookie reaches the upstream, ours least of all', async () => {
    const secret = exact.cookie.slice('coatcheck='.length)
    const crumb = fc.oneof(
      fc.constantFrom(
        ';',
        ';;',
        '=',
        '; ',
        ',',
        '"',
        'coatcheck',
        'coatcheck=',
        '__Host-Http-coatcheck=',
        '$Version=1',
        '\t',
        'a=b',
        'Coatcheck=',
      ),
      fc.constant(exact.cookie),
      fc.constant(secret),
      fc.nat(secret.length).map((at) => `coatcheck=${secret.slice(0, at)}`),
      octets(0x20, 0x7e, 12),
      octets(0x80, 0xff, 6),
      fc.nat(500).map((count) => 'c=1;'.repeat(count)),
    )
    const cookies = fc.array(
      fc.tuple(fc.constantFrom('Cookie', 'cookie', 'COOKIE', 'cOOkie', 'Cookie2'), fc.array(crumb, { maxLength: 6 })),
      { maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(cookies, fc.constantFrom('/api/x', '/open/x'), async (headers, path) => {
        const seen = exact.upstream.messages().length
        const lines = headers.map(([known, crumbs]) => `${known}: ${crumbs.join('')}`)
        const said = await exact.say(
          [`GET ${path} HTTP/1.1`, 'Host: {host}', 'X-CSRF: 1', 'Connection: close', ...lines, '', ''].join('\r\n'),
        )
        expect([200, 400, 401]).toContain(statusesIn(said)[0])
        for (const { head } of exact.upstream.messages().slice(seen)) {
          expect(head).not.toMatch(/cookie/i)
          expect(head).not.toContain(secret)
        }
      }),
      RUNS,
    )
  })
})
