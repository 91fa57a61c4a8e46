import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'

import { tidyTokenAnswer } from '../../../src/oidc/tidy-token-answer.ts'

describe('a token answer that is put in order', () => {
  test('has a lifetime that can be used, or none, whatever the provider says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (told) => {
        const tidy: unknown = JSON.parse(tidyTokenAnswer(JSON.stringify({ access_token: 'x', expires_in: told })))
        const seconds: unknown = Reflect.get(Object(tidy), 'expires_in')
        if (seconds === undefined) return
        expect(seconds).toBeGreaterThan(0)
        expect(seconds).toBeLessThanOrEqual(31_536_000)
      }),
    )
  })

  test('keeps every other member as it was', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('access_token', 'token_type', 'extra', '__proto__'), fc.jsonValue()),
        (members) => {
          const text = JSON.stringify(members)
          expect(JSON.parse(tidyTokenAnswer(text))).toEqual(JSON.parse(text))
        },
      ),
    )
  })

  test.each(['', 'null', '[]', '7', '"text"', '{"half":', '<html>'])('is left as it is where it is no object: %s', (text) => {
    expect(tidyTokenAnswer(text)).toBe(text)
  })
})
