import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import {
  createSetPageHeaders,
  createSetResponseHeaders,
  type SetResponseHeaders,
} from '../../../src/security/response-headers.ts'

function headersBy(set: SetResponseHeaders) {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  set(request, response)
  return response.getHeaders()
}

const directivesOf = (policy: unknown) => String(policy).split(';').toSorted()

describe('what we answer ourselves', () => {
  test('runs, loads and calls nothing but our own files, and stands in no frame', () => {
    expect(directivesOf(headersBy(createSetResponseHeaders(true))['content-security-policy'])).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ])
  })

  test('is stored by nobody', () => {
    expect(headersBy(createSetResponseHeaders(true))['cache-control']).toBe('no-store')
  })

  test.each([
    ['ours', createSetResponseHeaders],
    ["the application's", createSetPageHeaders],
  ])('is closed to other sites, on our pages and on the application’s: %s', (_, create) => {
    expect(headersBy(create(true))).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
    })
  })

  test.each([createSetResponseHeaders, createSetPageHeaders])('asks for https for ever only where there is https', (create) => {
    expect(headersBy(create(false))).not.toHaveProperty('strict-transport-security')
    expect(String(headersBy(create(false))['content-security-policy'])).not.toContain('upgrade-insecure-requests')
  })
})

describe("the application's page", () => {
  test('may besides load its fonts, its manifest and pictures that it holds itself, and may be stored', () => {
    const headers = headersBy(createSetPageHeaders(true))
    expect(directivesOf(headers['content-security-policy'])).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "manifest-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ])
    expect(headers).not.toHaveProperty('cache-control')
  })
})
