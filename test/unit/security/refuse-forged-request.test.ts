import { describe, expect, test } from '@jest/globals'
import { createRefuseForgedRequest, type Proof } from '../../../src/security/refuse-forged-request.ts'
import { fakeRequest } from '../../support/fake-request.ts'

const OURS = 'https://app.example.com'
const refuse = createRefuseForgedRequest(OURS)
const isLetIn = (proof: Proof, headers: Record<string, string>, method = 'GET') => {
  try {
    refuse(fakeRequest(headers, { method }), proof)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'request_forged' })
    return false
  }
}

describe('a program for a service worker', () => {
  test('is not to be had, whatever the proof: it would outlive the page that installs it', () => {
    const everything = { 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin', Origin: OURS, 'Service-Worker': 'script' }
    for (const proof of ['header', 'same-origin', 'form', 'origin', 'none'] as const)
      expect(isLetIn(proof, everything)).toBe(false)
  })
})

describe('a request that acts on a session', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'needs the header, whatever its method: %s',
    (method) => {
      expect(isLetIn('header', { 'X-CSRF': '1' }, method)).toBe(true)
      expect(isLetIn('header', {}, method)).toBe(false)
      expect(isLetIn('header', { 'Content-Type': 'text/plain' }, method)).toBe(false)
      expect(isLetIn('header', { 'Sec-Fetch-Site': 'same-origin' }, method)).toBe(false)
      expect(isLetIn('header', { 'Sec-Fetch-Site': 'same-origin', Origin: OURS }, method)).toBe(false)
    },
  )

  test.each(['0', '', 'true', '1, 1', '11'])('needs the header with the value 1, not %j', (value) => {
    expect(isLetIn('header', { 'X-CSRF': value })).toBe(false)
  })

  test.each(['cross-site', 'same-site', 'none', 'nonsense', ''])(
    'is refused where the browser says %j, header or not',
    (site) => {
      for (const proof of ['header', 'same-origin', 'form', 'origin'] as const) {
        expect(isLetIn(proof, { 'X-CSRF': '1', 'Sec-Fetch-Site': site, Origin: OURS })).toBe(false)
      }
    },
  )

  test.each([
    'null',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://evil.app.example.com',
    'https://APP.example.com',
  ])('is refused with the origin %s', (origin) => {
    for (const proof of ['header', 'same-origin', 'form', 'origin'] as const) {
      expect(isLetIn(proof, { 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin', Origin: origin })).toBe(false)
    }
  })

  test('passes where everything the browser says is ours', () => {
    expect(isLetIn('header', { 'X-CSRF': '1', 'Sec-Fetch-Site': 'same-origin', Origin: OURS })).toBe(true)
  })

  test('without a header passes on same-origin metadata only where the route says so, and never without metadata', () => {
    expect(isLetIn('same-origin', { 'Sec-Fetch-Site': 'same-origin' })).toBe(true)
    expect(isLetIn('same-origin', {})).toBe(false)
    expect(isLetIn('same-origin', { 'X-CSRF': '1' })).toBe(false)
  })

  test('by a form needs our exact origin', () => {
    expect(isLetIn('form', { Origin: OURS, 'Sec-Fetch-Site': 'same-origin' }, 'POST')).toBe(true)
    expect(isLetIn('form', { Origin: OURS }, 'POST')).toBe(true)
    expect(isLetIn('form', {}, 'POST')).toBe(false)
    expect(isLetIn('form', { 'Sec-Fetch-Site': 'same-origin' }, 'POST')).toBe(false)
  })

  test('that acts on none needs nothing', () => {
    expect(isLetIn('none', { 'Sec-Fetch-Site': 'cross-site' })).toBe(true)
  })
})

describe('the handshake of a WebSocket', () => {
  test('needs our exact Origin; no other proof stands for it', () => {
    expect(isLetIn('origin', { Origin: OURS })).toBe(true)
    expect(isLetIn('origin', { Origin: OURS, 'Sec-Fetch-Site': 'same-origin' })).toBe(true)
    expect(isLetIn('origin', {})).toBe(false)
    expect(isLetIn('origin', { 'X-CSRF': '1' })).toBe(false)
    expect(isLetIn('origin', { 'Sec-Fetch-Site': 'same-origin' })).toBe(false)
  })

  test.each([
    'null',
    '',
    'http://app.example.com',
    `${OURS}:8443`,
    `${OURS}/`,
    'https://evil.app.example.com',
    OURS.toUpperCase(),
  ])('is refused with the origin %j', (origin) => expect(isLetIn('origin', { Origin: origin, 'X-CSRF': '1' })).toBe(false))
})
