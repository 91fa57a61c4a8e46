import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { ConfigurationError } from '../../../src/config/configuration-error.ts'
import { LEAST, parseWith, SERVER_KEY } from '../../support/config-env.ts'
import { type Edit, edited, edits, octets } from '../pieces.ts'
import { defineTarget } from '../target.ts'

const PATH = '/etc/coatcheck.yaml'
/** Everything that can be set, without the words between. */
const DOCUMENTED = readFileSync(new URL('../../../config/coatcheck.yaml', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => !/^\s*(?:#|$)/.test(line))
  .join('\n')
const CANARY = 'canary-7Qw8ZrT1yUiO6pLkJ2hGfDs9AxCvB3mE5tR7wQzXcYb'
/** The same with secrets in it, as somebody may have written them there. */
const TEXT = DOCUMENTED.replace(/clientSecret: .*/, `clientSecret: "${CANARY}"`).replace(
  /^secrets: .*/m,
  `secrets: ["${CANARY}"]`,
)

const words = fc.oneof(
  fc.constantFrom(
    '\n',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|\n',
    '>\n',
    '&a ',
    '*a',
    '!!js/function ',
    '!<tag:x> ',
    '<<: *a',
    '%YAML 1.1\n---\n',
  ),
  fc.constantFrom(
    '\t',
    '\0',
    '\ufeff',
    '#',
    '---\n',
    '...\n',
    '? ',
    '~',
    '.inf',
    '0x1F',
    '1e999',
    '!!binary ',
    '__proto__: ',
    'constructor: ',
    'toString: ',
  ),
  fc.constantFrom(
    '${COATCHECK_SECRETS}',
    '${file:/etc/coatcheck.yaml}',
    '${file:/nowhere}',
    '${',
    '$${',
    '${}',
    '${file:}',
    '99999999999999s',
    '-1s',
    '1e9d',
  ),
  fc.constantFrom(
    'baseUrl: ',
    'provider:\n  ',
    'routes:\n  - ',
    'store:\n  url: ',
    'http://[::1',
    'https://a..b',
    'redis://',
    'memory:',
    '/../',
    '%zz',
  ),
  octets(0x00, 0xff, 6),
)
const deep = fc.oneof(
  fc.nat(3_000).map((depth) => '['.repeat(depth)),
  fc.nat(3_000).map((depth) => '{a: '.repeat(depth)),
  fc.nat(600).map((depth) => Array.from({ length: depth }, (_, at) => `${' '.repeat(at)}- `).join('\n')),
)
const word = fc.oneof({ weight: 40, arbitrary: words }, { weight: 1, arbitrary: deep })

interface Written {
  readonly start: '' | 'documented'
  readonly changes: readonly Edit[]
}

/** H-04, H-61. */
export const configurations = defineTarget<Written>({
  name: 'configurations',
  promise: 'any text for a configuration is one, or is refused with sentences that repeat no secret',
  inputs: fc.record({ start: fc.constantFrom('documented', 'documented', ''), changes: edits(word, 6) }),
  few: 100,
  prepare: async () => ({ attempt, stop: async () => undefined }),
})

function attempt({ start, changes }: Written): void {
  const text = edited(start === '' ? '' : TEXT, changes)
  try {
    const { config } = parseWith({ ...LEAST, COATCHECK_CONFIG: PATH }, { [PATH]: text, '/run/secrets/client-secret': CANARY })
    assert.ok(Object.isFrozen(config))
    // A reference may have put one where none belongs: there it is no secret any more.
    if (!changes.some(({ put }) => put.includes('${'))) refuseSecrets(JSON.stringify(config))
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    assert.ok(error.problems.length > 0)
    refuseSecrets(`${error.message}${error.stack}${JSON.stringify(error.problems)}`)
  }
}

function refuseSecrets(said: string): void {
  for (const secret of [CANARY, SERVER_KEY]) assert.ok(!said.includes(secret), 'repeats a secret')
}
