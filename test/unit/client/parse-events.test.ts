import { describe, expect, test } from '@jest/globals'
import { createEventParser } from '../../../client/parse-events.ts'

function parsed(pieces: readonly string[]) {
  const seen: unknown[] = []
  const parse = createEventParser(
    (name, data) => seen.push([name, data]),
    (milliseconds) => seen.push(milliseconds),
  )
  for (const piece of pieces) parse(piece)
  return seen
}

const STREAM =
  'retry: 2000\n: here\n\nid: a.b\n\n: beat\n\nid: c\nevent: ended\ndata: {"reason":"signed_out"}\n\nevent: odd\ndata: no JSON\n\ndata: 1\n\n'
const EVENTS = [2_000, ['ended', { reason: 'signed_out' }], ['odd', undefined], ['message', 1]]

describe('an event stream', () => {
  test('is taken apart wherever its pieces begin and end', () => {
    expect(parsed([STREAM])).toEqual(EVENTS)
    expect(parsed(STREAM.split(''))).toEqual(EVENTS)
    expect(parsed([STREAM.replaceAll('\n', '\r\n')])).toEqual(EVENTS)
  })

  test('has said nothing before the line that ends an event', () => {
    expect(parsed(['event: ended\ndata: {}\n'])).toEqual([])
  })
})
