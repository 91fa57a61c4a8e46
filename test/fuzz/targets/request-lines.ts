import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { startExactGateway } from '../../support/exact-gateway.ts'
import { statusesIn } from '../../support/raw-answers.ts'
import { decodeOnce, hostileText } from '../pieces.ts'
import { defineTarget } from '../target.ts'
import { WORDS_OF_A_PATH } from './request-targets.ts'

const plain = fc
  .stringMatching(/^(?:[a-zA-Z0-9_~-][a-zA-Z0-9._~!$&'()*+,=:@-]{0,8}\/?){1,5}(?:\?[a-zA-Z0-9/?:@!$&'()*+,;=%.-]{0,20})?$/)
  .map((rest) => ({ rest, isPlain: true }))

/** HTTP-20, BFF-19, H-09: from the first byte to the last. */
export const requestLines = defineTarget<{ readonly rest: string; readonly isPlain: boolean }>({
  name: 'request-lines',
  promise:
    'the upstream sees the bytes that were sent in a path that reads in one way, or the answer is 400; a plain path is always carried',
  inputs: fc.oneof(
    { weight: 3, arbitrary: hostileText(WORDS_OF_A_PATH, 8).map((rest) => ({ rest, isPlain: false })) },
    { weight: 1, arbitrary: plain },
  ),
  few: 500,
  async prepare() {
    const exact = await startExactGateway()
    return {
      async attempt({ rest, isPlain }) {
        // Spaces at its end are more of the one that ends it: a recipient may take words for what they are (RFC 9112 §3).
        const target = `/open/${rest}`.replace(/ +$/, '')
        const before = exact.upstream.octets()
        const seen = exact.upstream.messages().length
        const said = await exact.say(`GET ${target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n`)
        const messages = exact.upstream.messages().slice(seen)
        if (messages.length === 0) {
          assert.ok(!isPlain, said)
          assert.ok(
            statusesIn(said).every((status) => status === 400),
            said,
          )
          assert.equal(exact.upstream.octets(), before)
          return
        }
        assert.deepEqual(
          messages.map((message) => message.target),
          [target],
        )
        const [path = ''] = target.split('?', 1)
        assert.equal(new URL(`http://upstream.test${path}`).pathname, path)
        for (let reading = path, times = 0; times < 5; times += 1, reading = decodeOnce(reading))
          assert.doesNotMatch(reading, /\/\.{1,2}(?:[/;?#]|$)|\/\/|\\|\x00|[\r\n]|%2f|%5c/i)
      },
      stop: () => exact.stop(),
    }
  },
})
