import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createRouteTable, upstreamTarget } from '../../src/proxy/match-route.ts'
import { judgeRequestHeader } from '../../src/proxy/request-header-verdict.ts'
import { judgeResponseHeader } from '../../src/proxy/response-header-verdict.ts'
import { routeTo } from '../support/carrying-lane.ts'
import { createCertificateAuthority } from '../support/certificates.ts'
import { checkNginx } from '../support/nginx.ts'

let folder: string
let front: string
let carries: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-e2e-'))
  front = await readFile(new URL('../../nginx.conf', import.meta.url), 'utf8')
  carries = await readFile(new URL('../../config/nginx-auth-request.conf', import.meta.url), 'utf8')
})
afterAll(() => rm(folder, { recursive: true }))

describe('config/nginx-auth-request.conf', () => {
  test('is one that nginx takes, without a warning', async () => {
    const certificate = await (await createCertificateAuthority(folder)).issue('app.shop.test')
    const { ok, says } = await checkNginx({
      COATCHECK_BASE_URL: 'https://app.shop.test',
      NGINX_SERVER_NAME: 'app.shop.test',
      NGINX_COATCHECK: '127.0.0.1:8080',
      NGINX_COATCHECK_DECIDES: '127.0.0.1:9091',
      NGINX_API: '127.0.0.1:3000',
      NGINX_TLS_CERTIFICATE: certificate.certificateFile,
      NGINX_TLS_KEY: certificate.keyFile,
      NGINX_PAGE: folder,
      NGINX_HTTPS_LISTEN: '127.0.0.1:8443',
      NGINX_HTTP_LISTEN: '127.0.0.1:8081',
    })
    expect(says).toContain('test is successful')
    expect(says).not.toMatch(/\[(warn|error|emerg)\]/)
    expect(ok).toBe(true)
  })

  test('documents the variables that it asks for, and no other', () => {
    const documented = [...carries.matchAll(/^# {3}([A-Z_]+) {2,}\S/gm)].map(([, name]) => name)
    const asked = [...carries.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name)
    expect(new Set(documented)).toEqual(new Set(asked))
  })

  test('is nginx.conf line by line, but for the carried routes and what it adds', () => {
    const [block = ''] =
      /^ *# CHANGE: one such block for each prefix in COATCHECK_ROUTES\.\n *location \^~ \/api\/ \{\n(?:.*\n)*? {4}\}\n/m.exec(
        front,
      ) ?? []
    expect(block).not.toBe('')
    const wanted = front.slice(front.indexOf('# Started as root')).replace(block, '').split('\n')
    const lines = carries.replaceAll('$coatcheck_request_id', '$request_id').split('\n')
    let at = 0
    for (const line of wanted) {
      const found = lines.indexOf(line, at)
      expect([line, found === -1 ? 'is missing' : 'is there']).toEqual([line, 'is there'])
      at = found + 1
    }
  })

  test('takes a path for plain only where the gateway would carry it, and carry any other like it', () => {
    const [, written = ''] = /^ {4}"~(\^.*\/api\/.*)" "\/api\/ and what is plain";$/m.exec(carries) ?? []
    const plain = new RegExp(written)
    const match = createRouteTable([routeTo('http://127.0.0.1:1')])
    const parts = fc.constantFrom(...'/ . .. // ; ? # % %2e %2F %5c \\ a B ~ @ : = & [ ] { } | " \' é api .a a. ,'.split(' '))
    let seen = 0
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (words) => {
        const target = `/api/${words.join('')}`
        if (!plain.test(target)) return
        seen += 1
        const route = match(target)
        if (route === undefined) throw new Error('no route')
        expect(upstreamTarget(target, route)).toBe(target.slice('/api'.length))
      }),
      { numRuns: 20_000 },
    )
    expect(seen).toBeGreaterThan(500)
    expect(['/api/orders/7', '/api/a?b=c', '/api/'].map((target) => plain.test(target))).toEqual([true, true, true])
    expect(
      ['/api', '/apix/', '/api/../x', '/api//x', '/api/.x', '/api/%61', '/x/api/y'].some((target) => plain.test(target)),
    ).toBe(false)
  })

  test('hides every header that the gateway would not let through, of those that are known', () => {
    const hidden = new Set(
      [...carries.matchAll(/^ {6}proxy_hide_header ([\w-]+);$/gm)].map(([, name = '']) => name.toLowerCase()),
    )
    const known =
      `set-cookie set-cookie2 set-login clear-site-data service-worker-allowed strict-transport-security expect-ct alt-svc refresh
      report-to reporting-endpoints nel sourcemap x-sourcemap speculation-rules supports-loading-mode origin-agent-cluster permissions-policy
      feature-policy document-policy integrity-policy accept-ch critical-ch timing-allow-origin use-as-dictionary observe-browsing-topics
      activate-storage-access x-permitted-cross-domain-policies x-xss-protection x-dns-prefetch-control authorization cookie dpop dpop-nonce
      authentication-info authentication-control optional-www-authenticate surrogate-control edge-control cdn-cache-control x-sendfile
      x-lighttpd-send-file x-reproxy-url server x-powered-by content-security-policy content-security-policy-report-only x-frame-options
      x-content-type-options referrer-policy cache-control expires pragma age x-request-id access-control-allow-origin
      access-control-allow-credentials access-control-allow-methods access-control-allow-headers access-control-expose-headers
      access-control-max-age access-control-allow-private-network cross-origin-opener-policy cross-origin-embedder-policy
      cross-origin-resource-policy public-key-pins attribution-reporting-register-source sec-session-registration
      secure-session-registration proxy-authenticate x-accel-redirect x-accel-expires x-accel-limit-rate x-accel-buffering x-accel-charset
      x-litespeed-location x-aspnet-version coatcheck-reason coatcheck-code trailer keep-alive upgrade`.split(/\s+/)
    for (const name of known) {
      expect([name, judgeResponseHeader(name)]).toEqual([name, 'dropped'])
      expect([name, hidden.has(name)]).toEqual([name, true])
    }
    // And nothing that the gateway passes as it is.
    for (const name of hidden) expect([name, judgeResponseHeader(name)]).not.toEqual([name, 'passed'])
  })

  test('lets no header of a client through that the gateway would drop', () => {
    const [, block = ''] = /location \^~ \/api\/ \{\n([\s\S]*?)\n {4}\}\n/.exec(carries) ?? []
    const passed = [...block.matchAll(/proxy_set_header ([\w-]+) \$http_(\w+);/g)].map(
      ([, name = '', from = '']) => [name, from] as const,
    )
    expect(passed.length).toBeGreaterThan(10)
    for (const [name, from] of passed.filter(([each]) => each !== 'X-Forwarded-Host')) {
      expect(from).toBe(name.toLowerCase().replaceAll('-', '_'))
      expect([name, judgeRequestHeader(name)]).not.toEqual([name, 'dropped'])
    }
  })
})
