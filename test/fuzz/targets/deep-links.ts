import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { parseReturnTo } from '../../../src/security/return-to.ts'
import { defineTarget } from '../target.ts'

const ORIGIN = 'https://app.example.com'
// RFC 3986 §3.3: a segment that is neither empty nor of dots alone.
const segment = fc.stringMatching(
  /^(?:[A-Za-z0-9_~!$&'()*+,;=:@-]|%(?:20|[3-4][1-9a-f]|e4%ba%ac|c3%a9)){1,8}(?:\.[a-z0-9]{1,4})?$/,
)
// §3.4, §3.5: "/" and "?" may stand there, URLs too; what browsers would escape is left out.
const part = fc.oneof(
  fc.stringMatching(/^(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9a-f]{2}){0,20}$/),
  fc.constantFrom(
    'url=https://other.example/path?x=1',
    'next=//cdn.example.com/x',
    '/route/of/a/hash/router',
    'q=%2F%2Fx',
    'a=..%2f..',
  ),
)

/** Endpoints of ours; and what begins with nothing but spaces, which somebody who trims would take for the name of a host. */
const NO_PLACE = /^\/(?:bff(?:[/?#]|$)|(?:%20)+\/)/

/** H-02, the other way round. */
export const deepLinks = defineTarget<string>({
  name: 'deep-links',
  promise: 'every legal deep link survives a login as it is, URLs in its query and fragment included',
  inputs: fc
    .record({
      segments: fc.array(segment, { maxLength: 6 }),
      isFolder: fc.boolean(),
      query: fc.option(part, { nil: undefined }),
      fragment: fc.option(part, { nil: undefined }),
    })
    .map(({ segments, isFolder, query, fragment }) =>
      [
        `/${segments.join('/')}`,
        isFolder && segments.length > 0 ? '/' : '',
        query === undefined ? '' : `?${query}`,
        fragment === undefined ? '' : `#${fragment}`,
      ].join(''),
    )
    .filter((link) => !NO_PLACE.test(link)),
  few: 20_000,
  prepare: async () => ({
    attempt: (link) => assert.equal(parseReturnTo(link, ORIGIN, '/bff'), link),
    stop: async () => undefined,
  }),
})
