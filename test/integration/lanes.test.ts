import { createHmac, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { Secret } from '../../src/config/secret.ts'
import { deriveCookieKeys } from '../../src/security/cookie-keys.ts'
import { makeSessionSecret } from '../../src/security/session-secret.ts'
import { createNamespace } from '../../src/store/namespace.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'

let story: Story<ScriptedProvider>
let good: string
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_SECRETS: SECRETS.join(',') })
  good = (await story.signedIn()).cookie('coatcheck')?.value ?? ''
})
afterAll(() => story.stop())

const SECRETS = [randomBytes(33).toString('base64url'), randomBytes(33).toString('base64url')] as const

/** What each lane makes of a `Cookie` header: `in`, `none`, another reason, or the status of a refusal. */
async function verdicts(cookie: string) {
  const headers = { Cookie: cookie, 'X-CSRF': '1' }
  const counter = await fetch(`${story.origin}/bff/session`, { headers })
  const carrying = await fetch(`${story.origin}/api/x`, { headers })
  const told = counter.status === 200 ? ((await counter.json()) as { authenticated: boolean; reason?: string }) : undefined
  return {
    counter: told ? (told.authenticated ? 'in' : told.reason) : counter.status,
    carrying:
      carrying.status === 200 ? 'in' : carrying.status === 401 ? carrying.headers.get('coatcheck-reason') : carrying.status,
  }
}

/** A cookie as this gateway, or another one, would sign it. */
function sign(secret: string, serverSecret: string, origin = story.origin) {
  const [key = ''] = deriveCookieKeys([new Secret(serverSecret)], createNamespace({ baseUrl: origin, clientId: 'coatcheck' }))
  return encodeURIComponent(`s:${secret}.${createHmac('sha256', key).update(secret).digest('base64').replace(/=+$/, '')}`)
}

describe('both lanes', () => {
  test.each<[string, () => string, string | number]>([
    ['the cookie', () => `coatcheck=${good}`, 'in'],
    ['the cookie among others', () => `a=1; coatcheck=${good}; coatcheck2=x;;=;b`, 'in'],
    ['the cookie twice', () => `coatcheck=${good}; coatcheck=${good}`, 400],
    ['the cookie beside a planted one', () => `coatcheck=planted; coatcheck=${good}`, 400],
    ['no cookie', () => 'a=1', 'none'],
    ['an empty cookie', () => 'coatcheck=', 'none'],
    ['the cookie under another name', () => `Coatcheck=${good}; __Host-Http-coatcheck=${good}`, 'none'],
    ['a truncated cookie', () => `coatcheck=${good.slice(0, -1)}`, 'none'],
    ['a longer cookie', () => `coatcheck=${good}A`, 'none'],
    ['a quoted cookie', () => `coatcheck="${good}"`, 'none'],
    ['a cookie that is signed by a wrong key', () => `coatcheck=${sign(makeSessionSecret(), 'x'.repeat(43))}`, 'none'],
    [
      'a cookie of another deployment with the same keys',
      () => `coatcheck=${sign(makeSessionSecret(), SECRETS[0], 'https://other.example')}`,
      'none',
    ],
    ['a good signature on nothing of ours', () => `coatcheck=${sign('not-a-secret', SECRETS[0])}`, 'none'],
    ['a good signature for a session that is not there', () => `coatcheck=${sign(makeSessionSecret(), SECRETS[0])}`, 'expired'],
    ['the same with the older key', () => `coatcheck=${sign(makeSessionSecret(), SECRETS[1])}`, 'expired'],
    [
      'five hundred cookies',
      () =>
        Array.from({ length: 500 }, (_, index) => `c${index}=${index}`)
          .concat(`coatcheck=${good}`)
          .join('; '),
      'in',
    ],
    ['sixty-four kilobytes', () => `a=${'x'.repeat(65_536)}; coatcheck=${good}`, 431],
  ])('come to the same verdict on %s', async (_, cookie, expected) => {
    expect(await verdicts(cookie())).toEqual({ counter: expected, carrying: expected })
  })

  test('come to the same verdict on whatever a client makes of our cookie, and never answer 5xx', async () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    })
    const cut = fc
      .tuple(fc.nat(good.length), printable)
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + text.length))
    const header = fc
      .array(
        fc.oneof(
          printable,
          cut.map((value) => `coatcheck=${value}`),
          fc.constant(`coatcheck=${good}`),
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.join('; '))
    await fc.assert(
      fc.asyncProperty(header, async (cookie) => {
        const { counter, carrying } = await verdicts(cookie)
        expect(counter).toBe(carrying)
        expect(['in', 'none', 400]).toContain(counter)
      }),
      { numRuns: 150 },
    )
  })
})

/** The status for a path that no client tidies up on its way. */
function statusOf(path: string, method: string): Promise<number | undefined> {
  const headers = { Host: new URL(story.origin).host, 'X-CSRF': '1' }
  return new Promise((resolve, reject) => {
    request({ port: story.gateway.port, host: '127.0.0.1', path, method, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

describe('every endpoint', () => {
  const paths = [
    '/bff/login',
    '/bff/login/continue',
    '/bff/callback',
    '/bff/session',
    '/bff/session/extend',
    '/bff/logout',
    '/bff/logout/continue',
    '/bff/logout/callback',
    '/bff/assets/page.css',
    '/bff',
    '/bff/',
    '/bff/nothing',
    '/',
    '/api/x',
    '/api/../x',
  ]
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

  test('answers rubbish with 4xx, never 5xx, and never lets anybody store the answer', async () => {
    for (const path of paths) {
      for (const method of methods) {
        for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
          const body =
            method === 'GET' || method === 'HEAD' ? {} : { body: '{"__proto__":[1]', headers: { 'Content-Type': type } }
          const answer = await fetch(`${story.origin}${path}?x[]=1&x[__proto__]=2&returnTo=%ff`, {
            method,
            redirect: 'manual',
            ...body,
          })
          await answer.arrayBuffer()
          expect([path, method, answer.status < 500]).toEqual([path, method, true])
          if (answer.status >= 400)
            expect([path, method, answer.headers.get('cache-control')]).toEqual([path, method, 'no-store'])
          expect(answer.headers.get('x-powered-by')).toBeNull()
          expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
        }
      }
    }
  })

  test.each([
    '/bff/logoutx',
    '/bff/session/',
    '/BFF/session',
    '/bff//session',
    '/bff/logout/../session',
    '/bff/%73ession',
    '/bff/session/extend/x',
    '/bff/session;x',
    '//bff/session',
  ])('is found by its exact path only, as it was sent: %s', async (path) => {
    for (const method of ['GET', 'POST']) expect([method, await statusOf(path, method)]).toEqual([method, 404])
    expect(await statusOf('/bff/session', 'GET')).toBe(200)
  })

  test.each([
    ['/bff/session', 'POST', 'GET, HEAD'],
    ['/bff/session/extend', 'GET', 'POST'],
    ['/bff/logout', 'DELETE', 'GET, HEAD, POST'],
    ['/bff/login', 'POST', 'GET'],
    ['/bff/callback', 'HEAD', 'GET'],
  ])('says which methods it has: %s by %s', async (path, method, allow) => {
    const answer = await fetch(`${story.origin}${path}`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
  })
})

describe('an error', () => {
  test('is a problem document for a script and a page for a person, whatever they accept', async () => {
    const browser = await story.openBrowser()
    for (const accept of ['text/html', 'application/json, text/plain, */*', '']) {
      const answer = await browser.fetch(`${story.origin}/api/x`, { headers: { Accept: accept } })
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.json()).toEqual({
        type: 'about:blank',
        title: 'Unauthorized',
        status: 401,
        detail: 'Sign in first.',
        code: 'session_missing',
        requestId: answer.headers['x-request-id'],
        reason: 'none',
        loginUrl: '/bff/login',
      })
    }
    const page = await browser.navigate(`${story.origin}/bff/nothing`, { headers: { Accept: 'application/json' } })
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(page.text).toContain(String(page.headers['x-request-id']))
  })

  test('shows nothing that the request said', async () => {
    const browser = await story.openBrowser()
    const page = await browser.navigate(`${story.origin}/bff/login?prompt=%3Cscript%3Ealert(1)&returnTo=%22%3E%3Cscript%3E`)
    expect(page.status).toBe(400)
    expect(page.text).not.toContain('alert(1)')
    const elsewhere = await browser.navigate(`${story.origin}/bff/login?returnTo=%22%3E%3Cscript%3Ealert(1)`, {
      from: 'https://evil.example/',
    })
    expect(elsewhere.text).not.toContain('<script>alert')
  })
})
