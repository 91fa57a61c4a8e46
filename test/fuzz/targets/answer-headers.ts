import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { startExactGateway } from '../../support/exact-gateway.ts'
import { statusesIn } from '../../support/raw-answers.ts'
import { FORBIDDEN_IN_ANSWERS, foldName } from '../header-names.ts'
import { octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

type Line = readonly [name: string, value: string]

const HOSTILE = [
  [
    'Set-Cookie',
    'SET_COOKIE',
    'Clear-Site-Data',
    'X-Accel-Redirect',
    'x.accel.expires',
    'Access-Control-Allow-Origin',
    'Refresh',
  ],
  [
    'NEL',
    'Server',
    'Strict-Transport-Security',
    'Alt-Svc',
    'Trailer',
    'Coatcheck-Reason',
    'Proxy-Status',
    '__proto__',
    'constructor',
  ],
].flat()
const hostile = fc.constantFrom(...HOSTILE)
const plain = fc.constantFrom('X-A', 'X-B', 'x-a', 'ETag', 'Content-Language', 'Retry-After')
const odd = fc.stringMatching(/^[A-Za-z!#$%&'*+^`|~-]{1,10}$/).map((text) => `Odd-${text}`)
const value = fc
  .oneof(octets(0x20, 0x7e, 20), octets(0x80, 0xff, 8), fc.constantFrom('', 'a\tb', 'coatcheck', '1.1 a'))
  .map((text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, ''))

/** SEC-08, HTTP-22. */
export const answerHeaders = defineTarget<readonly Line[]>({
  name: 'answer-headers',
  promise: 'of an answer, nothing forbidden reaches the browser, and what does is byte for byte in its order and number',
  inputs: fc.array(fc.tuple(fc.oneof(hostile, plain, odd), value), { maxLength: 12 }),
  few: 300,
  async prepare() {
    const exact = await startExactGateway()
    return {
      async attempt(fields) {
        const answer = await exact.answered(
          ['HTTP/1.1 200 OK', ...fields.map(([known, text]) => `${known}: ${text}`), 'Content-Length: 2', '', 'ok'].join('\r\n'),
        )
        assert.deepEqual(statusesIn(answer), [200])
        const lines = linesOf(answer)
        for (const [known] of lines) assert.doesNotMatch(foldName(known), FORBIDDEN_IN_ANSWERS)
        for (const known of new Set(fields.map(([each]) => each.toLowerCase()).filter((each) => PASSES.test(each)))) {
          assert.deepEqual(valuesOf(lines, known), valuesOf(fields, known))
        }
      },
      stop: () => exact.stop(),
    }
  },
})

const PASSES = /^(?:x-(?!accel)|etag|odd-|content-language|retry)/

function linesOf(answer: string): readonly Line[] {
  return answer
    .slice(0, answer.indexOf('\r\n\r\n'))
    .split('\r\n')
    .slice(1)
    .map((each) => [each.slice(0, each.indexOf(':')), each.slice(each.indexOf(':') + 2)])
}

function valuesOf(lines: readonly Line[], name: string): readonly string[] {
  return lines.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value)
}
