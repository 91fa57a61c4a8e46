import { describe, expect, test } from '@jest/globals'
import { offencesIn, type Requirement, requirementsIn } from '../../support/conformance.ts'

const HELD = {
  number: '1.2.3',
  level: '1',
  asks: 'Something',
  status: 'met',
  how: 'By `src/gateway.ts`.',
  heldBy: '[unit/errors](../test/unit/errors.test.ts) “an error of ours stays what it is”',
} as const satisfies Requirement

describe.each([
  ['docs/asvs.md', 120, /^(?:[1-9]|1[0-7])\.\d{1,2}\.\d{1,2}$/, /^[123]$/],
  ['docs/rfc10017.md', 36, /^§\d+(?:\.\d+)+(?:, §\d+(?:\.\d+)+)*$/, /^(?:MUST|SHOULD|SHOULD NOT|MAY|SHOULD, then MUST)$/],
])('%s', (path, least, number, level) => {
  const requirements = requirementsIn(path)

  test('has its rows, each with a number and a level of the form that the standard gives them', () => {
    expect(requirements.length).toBeGreaterThanOrEqual(least)
    for (const requirement of requirements) {
      expect(requirement.number).toMatch(number)
      expect(requirement.level).toMatch(level)
    }
  })

  test('says of each whether it is met, and names files and tests that are there', () => {
    expect(requirements.flatMap((requirement) => [...offencesIn(requirement)])).toEqual([])
  })
})

test('docs/asvs.md has its numbers in their order, and each once', () => {
  const numbers = requirementsIn('docs/asvs.md').map(({ number }) => number.split('.').map(Number))
  const inOrder = numbers.toSorted((one, two) => one.map((part, at) => part - (two[at] ?? 0)).find((part) => part !== 0) ?? 0)
  expect(numbers).toEqual(inOrder)
  expect(new Set(numbers.map(String)).size).toBe(numbers.length)
})

describe('a row of these documents', () => {
  test('that can be checked has no offence', () => expect([...offencesIn(HELD)]).toEqual([]))

  test.each<[string, Partial<Requirement>, string]>([
    ['a status of its own', { status: 'mostly met' }, 'has the status'],
    ['no reason', { status: 'not met', how: '' }, 'does not say why'],
    ['nothing that holds it', { heldBy: '' }, 'nothing holds it'],
    ['a file that is gone', { how: 'By `src/gone.ts`.' }, 'src/gone.ts, which is not there'],
    ['a test file that is gone', { heldBy: HELD.heldBy.replaceAll('unit/errors', 'unit/gone') }, 'which is no test in'],
    ['a test that was renamed', { heldBy: HELD.heldBy.replace('stays', 'remains') }, 'which is no test in'],
    ['a file without a test', { heldBy: '[unit/errors](../test/unit/errors.test.ts)' }, 'names no test in'],
    ['a test under another name', { heldBy: HELD.heldBy.replace('[unit/errors]', '[unit/faults]') }, 'calls test/unit/errors'],
    ['words instead of a test', { heldBy: 'All of them.' }, 'is no test'],
  ])('with %s is caught', (_, change, sentence) => {
    expect([...offencesIn({ ...HELD, ...change })]).toEqual([expect.stringContaining(sentence)])
  })
})
