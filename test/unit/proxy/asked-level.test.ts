import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { askedLevel } from '../../../src/proxy/asked-level.ts'
import { parseChallenges } from '../../../src/proxy/parse-challenges.ts'

const STEP_UP = 'error="insufficient_user_authentication"'

describe('a 401 that asks for another sign-in', () => {
  test.each([
    [`Bearer ${STEP_UP}, acr_values="gold silver", max_age="300"`, ['gold', 'silver'], 300],
    [
      `Bearer ${STEP_UP}, error_description="say \\"please\\", max_age=1", acr_values="urn:example:strong"`,
      ['urn:example:strong'],
      undefined,
    ],
    [`bearer realm = "api" ,  ${STEP_UP} , MAX_AGE=0`, [], 0],
    [`DPoP algs="ES256 PS256", ${STEP_UP}, acr_values=gold`, ['gold'], undefined],
    [`Negotiate abc==, Basic realm="x, Bearer y", , Bearer ${STEP_UP}, acr_values="gold"`, ['gold'], undefined],
    [['Basic realm="x"', `Bearer ${STEP_UP}, max_age=5`], [], 5],
    [`Bearer, DPoP ${STEP_UP}, acr_values="g\\old"`, ['gold'], undefined],
  ])('is understood by the grammar: %s', (header, acr, maxAgeSeconds) => {
    expect(askedLevel(header)).toEqual({ acr, maxAgeSeconds })
  })

  test('and says no more than that asks for a new sign-in', () => {
    expect(askedLevel(`Bearer ${STEP_UP}`)).toEqual({ acr: [], maxAgeSeconds: 0 })
  })

  test.each([
    ['nothing', undefined],
    ['another error', 'Bearer error="insufficient_scope", acr_values="gold"'],
    ['the word in another place', 'Bearer realm="error=\\"insufficient_user_authentication\\""'],
    ['a class with a quote', `Bearer ${STEP_UP}, acr_values="a\\"b"`],
    ['a class with a control character', `Bearer ${STEP_UP}, acr_values="a\u0007b"`],
    ['a class of another alphabet', `Bearer ${STEP_UP}, acr_values="größe"`],
    ['two spaces', `Bearer ${STEP_UP}, acr_values="a  b"`],
    ['no class', `Bearer ${STEP_UP}, acr_values=""`],
    ['eleven classes', `Bearer ${STEP_UP}, acr_values="${'a '.repeat(10)}a"`],
    ['a class without end', `Bearer ${STEP_UP}, acr_values="${'a'.repeat(1_001)}"`],
    ['an age that is no number', `Bearer ${STEP_UP}, max_age="-1"`],
    ['an age of ages', `Bearer ${STEP_UP}, max_age=${'9'.repeat(10)}`],
    ['one parameter twice', `Bearer ${STEP_UP}, max_age=1, max_age=2`],
    ['a quote without end', `Bearer ${STEP_UP}, acr_values="gold`],
    ['parameters of no scheme', STEP_UP],
    ['no comma', `Bearer ${STEP_UP} acr_values="gold"`],
    ['more than anybody reads', `Bearer ${STEP_UP}, x="${'a'.repeat(9_000)}"`],
  ])('is one like any other where it holds %s', (_, header) => {
    expect(askedLevel(header)).toBeUndefined()
  })

  test('never brings anything into a URL that a sign-in would not take, and is read to its end at once', () => {
    const word = fc.string({ unit: fc.constantFrom(...'aA1 ,="\\;:/?#%&+\t\r\n\0é<>'.split('')), maxLength: 60 })
    fc.assert(
      fc.property(word, word, (one, other) => {
        const level = askedLevel(`Bearer ${STEP_UP}, acr_values="${one}", max_age=${other}`)
        for (const acr of level?.acr ?? []) expect(acr).toMatch(/^[\u0021\u0023-\u005b\u005d-\u007e]+$/)
        if (level?.maxAgeSeconds !== undefined) expect(level.maxAgeSeconds).toBeLessThan(1e9)
      }),
      { numRuns: 500 },
    )
    // Ends, within the patience of any test: nothing is looked at twice.
    for (const piece of [' ', ',', '"', 'a ', 'a=', 'a="', '\\', 'a=b,', '='])
      expect(askedLevel(`Bearer ${piece.repeat(4_000)}`)).toBeUndefined()
  })
})

test('challenges are told apart from their parameters, and from each other', () => {
  const all = parseChallenges(
    'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple", Negotiate dG9rZW4=',
  )
  expect(all?.map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])).toEqual([
    ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
    ['basic', { realm: 'simple' }],
    ['negotiate', {}],
  ])
})
