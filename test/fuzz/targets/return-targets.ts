import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { parseReturnTo } from '../../../src/security/return-to.ts'
import { decodeOnce, hostileText } from '../pieces.ts'
import { defineTarget } from '../target.ts'

const ORIGIN = 'https://app.example.com'
/** Wherever a browser may stand when it is told to go on. */
const STANDPOINTS = ['/bff/callback?code=a&state=b', '/bff/logout/callback', '/deep/er/place?q=/x#y', '/']

const WORDS = [
  ['/', '\\', '//', '/\\', '\\\\', '.', '..', '/../', '/./', ';', '@', ':', '?', '#', '%', '&', '='],
  ['\t', '\n', '\r', '\0', ' ', '\u000b', '\u00a0', '\u00ad', '\u2028', '\u3000', '\ufeff', '\u200b'],
  ['evil.example', 'evil.example:443', 'user:pass@', 'app.example.com', '.example.com', '[::1]', '127.1', '0x7f.1'],
  ['https:', 'http:', 'HTTPS://', 'javascript:', 'data:', 'blob:', 'file:', '/bff', '/bff/', '/BFF', 'login', 'bff'],
  ['\u3002', '\uff0e', '\uff0f', '\uff3c', '\u2024', '\ud800', '\ud83d\ude00', 'é', 'ß', '%c0%af', '%u002f', '%e3%80%82'],
].flat()

/** H-02, with the parser of the URL Standard as the oracle: it is the one that browsers have. */
export const returnTargets = defineTarget<string>({
  name: 'return-targets',
  promise: 'no place to return to leads to another site or to an endpoint of ours, whoever reads it, decoded once or twice',
  inputs: fc.oneof(
    { weight: 6, arbitrary: hostileText(WORDS, 9).map((text) => `/${text}`) },
    { weight: 2, arbitrary: hostileText(WORDS, 9) },
    { weight: 1, arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text}`) },
  ),
  few: 20_000,
  prepare: async () => ({ attempt, stop: async () => undefined }),
})

function attempt(given: string): void {
  const place = parseReturnTo(given, ORIGIN, '/bff')
  if (place === undefined) return
  // A header and an attribute hold it as it is.
  assert.match(place, /^\/[!-~]*$/)
  for (const standpoint of STANDPOINTS) {
    const there = new URL(place, ORIGIN + standpoint)
    assert.equal(there.origin, ORIGIN)
    assert.equal(there.href, ORIGIN + place)
    assert.ok(there.pathname !== '/bff' && !there.pathname.startsWith('/bff/'), 'leads to an endpoint')
  }
  // Somebody between us and the page may decode it, and read what it gets anew.
  const [path = ''] = place.split(/[?#]/, 1)
  for (let reading = path, times = 0; times < 2; times += 1) {
    reading = decodeOnce(reading)
    assert.ok(URL.canParse(reading, ORIGIN), 'is no place once it is decoded')
    assert.equal(new URL(reading, ORIGIN).origin, ORIGIN)
  }
  assert.equal(parseReturnTo(place, ORIGIN, '/bff'), place)
}
