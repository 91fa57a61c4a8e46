import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { type ExactGateway, startExactGateway } from '../../support/exact-gateway.ts'
import { statusesIn } from '../../support/raw-answers.ts'
import { FORBIDDEN_IN_REQUESTS, foldName, HOSTILE_NAMES, OUR_NAMES, SAFE_NAMES } from '../header-names.ts'
import { octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

type Line = readonly [name: string, value: string]

const hostile = fc.constantFrom(...HOSTILE_NAMES)
const name = fc.oneof(
  fc.constantFrom(...SAFE_NAMES),
  hostile,
  hostile.map((known) => known.toUpperCase()),
  hostile.map((known) => known.replaceAll('-', '_')),
  hostile.map((known) => known.replaceAll('-', '.')),
  fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
)
const value = fc
  .oneof(octets(0x20, 0x7e, 20), octets(0x80, 0xff, 8), fc.constantFrom('', 'a\tb', 'coatcheck', '1.1 a', '00-1-2-3', '0'))
  .map((text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, ''))
const line: fc.Arbitrary<Line> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(name, value) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('Connection', 'connection'), name) },
  // No header line at all: control characters where they may stand least.
  { weight: 1, arbitrary: fc.tuple(name, octets(0x00, 0xff, 12)) },
)
const isFraming = ([known]: Line) => /^(?:host|content-length|transfer-encoding|expect)$/i.test(known)

/** H-06, H-07, H-31, H-32, H-51, HTTP-01, HTTP-22, HTTP-23, FWD-06, SMG-18. */
export const requestHeaders = defineTarget<readonly Line[]>({
  name: 'request-headers',
  promise: 'nothing forbidden reaches the upstream, what does is byte for byte in its order and number, and ours is there once',
  inputs: fc.array(line, { maxLength: 12 }).map((lines) => lines.filter((each) => !isFraming(each))),
  few: 400,
  async prepare() {
    const exact = await startExactGateway()
    return { attempt: (lines) => attempt(exact, lines), stop: () => exact.stop() }
  },
})

async function attempt(exact: ExactGateway, sent: readonly Line[]): Promise<void> {
  const seen = exact.upstream.messages().length
  const said = await exact.ask('GET /api/x HTTP/1.1', ...sent.map(([known, text]) => `${known}: ${text}`))
  const messages = exact.upstream.messages().slice(seen)
  assert.ok(
    statusesIn(said).every((status) => status < 500 || status === 508),
    said,
  )
  // The strict reader throws for a line that is none.
  for (const message of messages) for (const [, text] of message.lines) assert.doesNotMatch(text, /[\x00-\x08\x0a-\x1f\x7f]/)
  // A line break in a value ends the line, and what follows is another one: then only the above is to be said of it.
  if (sent.some(([, text]) => /[\x00-\x08\x0a-\x1f\x7f]|^[ \t]|[ \t]$/.test(text))) return

  const [message, another] = messages
  assert.equal(another, undefined)
  if (message === undefined) {
    assert.ok([400, 508].includes(statusesIn(said)[0] ?? 0), said)
    return
  }
  const nominated = new Set(sent.filter(([known]) => /^connection$/i.test(known)).map(([, text]) => text.toLowerCase()))
  const theirs = message.lines.filter(([known]) => !OUR_NAMES.includes(known.toLowerCase()))
  for (const [known] of theirs) {
    assert.doesNotMatch(foldName(known), FORBIDDEN_IN_REQUESTS)
    assert.ok(!nominated.has(known.toLowerCase()), known)
  }
  // What came is what was sent of those names, whole and in its order.
  const kept = new Set(theirs.map(([known]) => known))
  assert.deepEqual(
    theirs,
    sent.filter(([known]) => kept.has(known)),
  )
  for (const [known] of sent)
    if (SAFE_NAMES.includes(known) && !nominated.has(known.toLowerCase())) assert.ok(kept.has(known), known)
  for (const own of ['host', 'authorization', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-request-id'])
    assert.ok(message.values(own).length === 1 && message.values(own)[0] !== '', own)
  assert.equal(message.values('via').at(-1), '1.1 coatcheck')
}
