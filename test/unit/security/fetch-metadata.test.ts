import { describe, expect, test } from '@jest/globals'
import { initiatorOf, isNavigation } from '../../../src/security/fetch-metadata.ts'
import { fakeRequest } from '../../support/fake-request.ts'

describe('what a request is', () => {
  test.each([
    ['a page that is opened', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: '*/*' }, true],
    ['a frame', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe', Accept: 'text/html' }, false],
    ['a script that asks for HTML', { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty', Accept: 'text/html' }, false],
    ['an image', { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }, false],
    ['a prefetch', { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', 'Sec-Purpose': 'prefetch;prerender' }, false],
    [
      'a prefetch of an older browser',
      { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Purpose: 'prefetch' },
      false,
    ],
    ['a document that no navigation asks for', { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'document' }, false],
    ['an older browser that asks for HTML', { Accept: 'text/html,application/xhtml+xml' }, true],
    ['an older browser with our header', { Accept: 'text/html', 'X-CSRF': '1' }, false],
    ['an older browser that asks for anything', { Accept: 'application/json, text/plain, */*' }, false],
    ['a program', {}, false],
  ])('is told by its metadata, not by what it accepts: %s', (_, headers, expected) => {
    expect(isNavigation(fakeRequest(headers))).toBe(expected)
  })

  test.each([
    [undefined, 'unsaid'],
    ['same-origin', 'same-origin'],
    ['same-site', 'same-site'],
    ['none', 'none'],
    ['cross-site', 'cross-site'],
    ['same-origin, same-origin', 'cross-site'],
    ['Same-Origin', 'cross-site'],
  ])('is foreign where its origin says anything unknown: %s', (site, expected) => {
    expect(initiatorOf(fakeRequest(site === undefined ? {} : { 'Sec-Fetch-Site': site }))).toBe(expected)
  })
})
