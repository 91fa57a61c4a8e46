import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { judgeRequestHeader } from '../../../src/proxy/request-header-verdict.ts'
import { judgeResponseHeader } from '../../../src/proxy/response-header-verdict.ts'
import { createVerdictMemo } from '../../../src/proxy/verdict-memo.ts'

const NEVER_CARRIED = [
  'Authorization',
  'Cookie',
  'Cookie2',
  'Proxy-Authorization',
  'Proxy',
  'DPoP',
  'Host',
  'TE',
  'Trailer',
  'Upgrade',
  'Keep-Alive',
  'HTTP2-Settings',
  'Proxy-Connection',
  'X-Forwarded-For',
  'X-Forwarded-User',
  'X-Forwarded-Access-Token',
  'Forwarded',
  'X-Real-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Auth-Request-Email',
  'X-User-Id',
  'X-Remote-User',
  'Remote-User',
  'X-Webauth-User',
  'X-Session-Id',
  'X-Access-Token',
  'X-Id-Token',
  'Private-Token',
  'X-Api-Key',
  'Client-Cert',
  'Client-Cert-Chain',
  'X-SSL-Client-Cert',
  'X-Client-IP',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Override-URL',
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'X-Amzn-Oidc-Data',
  'X-Serverless-Authorization',
  'X-Apigateway-Api-Userinfo',
  'X-Endpoint-API-UserInfo',
  'Tailscale-User-Login',
  'X-MS-Client-Principal-Id',
  'X-Goog-Authenticated-User-Email',
  'X-Envoy-Original-Path',
  'baggage',
  'X-CSRF',
  'X-Request-Id',
  'Coatcheck-Reason',
  'X-Goog-IAP-JWT-Assertion',
  'Cf-Access-Jwt-Assertion',
  'X-Middleware-Subrequest',
  'Sudo',
]

describe('a request header', () => {
  test.each(NEVER_CARRIED)('%s is not carried, in whatever case and with whatever in place of its hyphens', (name) => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), fc.constantFrom('-', '_', '.'), (upper, hyphen) => {
        const looksAlike = Array.from(name, (character) =>
          upper.next().value === true ? character.toUpperCase() : character.toLowerCase(),
        )
        expect(judgeRequestHeader(looksAlike.join('').replaceAll('-', hyphen))).toBe('dropped')
      }),
    )
  })

  test.each([
    'Accept-Language',
    'Content-Type',
    'If-None-Match',
    'Range',
    'X-Requested-With',
    'Idempotency-Key',
    'User-Agent',
    'Origin',
  ])('%s is carried', (name) => {
    expect(judgeRequestHeader(name)).toBe('carried')
  })

  test.each(['x_custom', 'x.custom', 'x!custom', 'x~custom', "x'", 'constructor_', '__proto__'])(
    '%s is not plain, hence not carried',
    (name) => {
      expect(judgeRequestHeader(name)).toBe('dropped')
    },
  )
})

describe('a response header', () => {
  test.each([
    'Set-Cookie',
    'Clear-Site-Data',
    'X-Accel-Redirect',
    'X_Accel_Redirect',
    'X-Sendfile',
    'Service-Worker-Allowed',
    'Refresh',
    'Access-Control-Allow-Origin',
    'Strict-Transport-Security',
    'Public-Key-Pins-Report-Only',
    'Alt-Svc',
    'Report-To',
    'NEL',
    'Reporting-Endpoints',
    'SourceMap',
    'X-SourceMap',
    'Proxy-Authenticate',
    'DPoP-Nonce',
    'Server',
    'X-Powered-By',
    'X-AspNet-Version',
    'Coatcheck-Reason',
    'Surrogate-Control',
    'CDN-Cache-Control',
    'Cloudflare-CDN-Cache-Control',
    'Cache-Control',
    'Expires',
    'Age',
    'Content-Security-Policy',
    'X-Frame-Options',
    'Cross-Origin-Opener-Policy',
    'Speculation-Rules',
    'Sec-Session-Registration',
  ])('%s does not reach the browser', (name) => {
    expect(judgeResponseHeader(name)).toBe('dropped')
    expect(judgeResponseHeader(name.toUpperCase())).toBe('dropped')
  })

  test.each(['ETag', 'Content-Encoding', 'Content-Range', 'X-Total-Count', 'Retry-After', 'Via', 'constructor', 'api_version'])(
    '%s reaches it',
    (name) => {
      expect(judgeResponseHeader(name)).toBe('passed')
    },
  )
})

describe('what was judged once', () => {
  test('is remembered, and a flood of names does not grow the memory without end', () => {
    let asked = 0
    const verdictOn = createVerdictMemo((name) => {
      asked += 1
      return name.length
    })
    verdictOn('accept')
    verdictOn('accept')
    expect(asked).toBe(1)
    for (let count = 0; count < 2000; count += 1) verdictOn(`x-${count}`)
    expect(verdictOn('accept')).toBe(6)
    expect(asked).toBe(2002)
    verdictOn('y'.repeat(65))
    verdictOn('y'.repeat(65))
    expect(asked).toBe(2004)
  })
})
