import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Secret } from '../../../src/config/secret.ts'
import { GatewayError } from '../../../src/errors.ts'
import { createStore } from '../../../src/store/create-store.ts'
import { EVERY_CALL } from '../../support/redis-store.ts'
import { octets } from '../pieces.ts'
import { type Lie, startLyingRedis } from '../lying-redis.ts'
import { defineTarget } from '../target.ts'

const reply = fc.oneof(
  fc.constantFrom(
    '+OK\r\n',
    '$-1\r\n',
    '_\r\n',
    '*-1\r\n',
    ':1\r\n',
    ':-1\r\n',
    '$0\r\n\r\n',
    '#t\r\n',
    ',1.5\r\n',
    ',nan\r\n',
    '(99999999999999999999\r\n',
  ),
  fc.constantFrom(
    '-ERR no\r\n',
    '-LOADING\r\n',
    '-READONLY You\r\n',
    '-NOSCRIPT\r\n',
    '-\r\n',
    '!5\r\nERR x\r\n',
    '-MOVED 1 evil.test:1\r\n',
    '-NOAUTH\r\n',
  ),
  fc.constantFrom(
    '*2\r\n$1\r\na\r\n$1\r\nb\r\n',
    '*1\r\n:1\r\n',
    '%1\r\n+a\r\n+b\r\n',
    '~1\r\n+a\r\n',
    '=7\r\ntxt:abc\r\n',
    '|1\r\n+a\r\n+b\r\n+c\r\n',
  ),
  fc.constantFrom(
    '>2\r\n$10\r\ninvalidate\r\n_\r\n',
    '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n',
    '>2\r\n+invalidate\r\n:1\r\n',
    '>1\r\n+x\r\n',
    '>0\r\n',
  ),
  fc.constantFrom(
    '$2147483647\r\n',
    '$99999999999999999999\r\n',
    '$-2\r\n',
    '*2147483647\r\n',
    '%4294967296\r\n',
    '*1000000\r\n',
    ':\r\n',
    '$\r\n',
    '*\r\n',
    ',\r\n',
    '#x\r\n',
  ),
  fc.constantFrom(
    '$3\r\nabcdef\r\n',
    '$5\r\nab',
    '+no end',
    '\r\n',
    '\n',
    '\0',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '$?\r\n;3\r\nabc\r\n;0\r\n',
    '*?\r\n.\r\n',
  ),
  fc.constantFrom(
    '+written\r\n',
    '$7\r\nwritten\r\n',
    '$8\r\nconflict\r\n',
    '$9\r\n__proto__\r\n',
    '%1\r\n$9\r\n__proto__\r\n+x\r\n',
  ),
  fc.nat(3_000).map((depth) => '*1\r\n'.repeat(depth)),
  fc.nat(3_000).map((depth) => `${'>1\r\n'.repeat(depth)}+x\r\n`),
  octets(0x00, 0xff, 12),
  octets(0x20, 0x7e, 12).map((text) => `+${text}\r\n`),
)

/** SEC-21, H-19, H-47: the real client, through the store, at a server that lies. */
export const redisReplies = defineTarget<Lie & { readonly call: string }>({
  name: 'redis-replies',
  promise: 'whatever Redis answers, a call is answered with a value of its kind or with 503, in time, and the process goes on',
  inputs: fc.record({
    call: fc.constantFrom(...Object.keys(EVERY_CALL)),
    // Mostly about records; a handshake that lies is another matter, and slower to see the end of.
    to: fc.constantFrom('record', 'record', 'record', 'record', 'record', 'record', 'HELLO', 'CLIENT', 'PING'),
    bytes: fc.array(reply, { minLength: 1, maxLength: 4 }).map((replies) => replies.join('')),
    hangsUp: fc.boolean(),
  }),
  few: 120,
  async prepare() {
    const server = await startLyingRedis()
    return {
      async attempt({ call, ...lie }) {
        server.lie(lie)
        const store = await createStore(
          {
            kind: 'redis',
            url: new Secret(server.url),
            passwordFile: undefined,
            sentinel: undefined,
            deadlineMilliseconds: 20,
            outageGraceMilliseconds: 100,
          },
          { report: () => undefined, now: Date.now },
        )
        try {
          const answer = await EVERY_CALL[call]?.(store, 'k')
          assert.ok(isAnswer(answer), `answered with ${JSON.stringify(answer)}`)
        } catch (error) {
          assert.ok(error instanceof GatewayError && error.code === 'store_unavailable', String(error))
        } finally {
          await store.close()
        }
      },
      stop: () => server.stop(),
    }
  },
})

/** What the port of the store may answer with. */
function isAnswer(answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.every((each) => each === undefined || typeof each === 'string')
  return answer === undefined || ['string', 'number', 'boolean'].includes(typeof answer)
}
