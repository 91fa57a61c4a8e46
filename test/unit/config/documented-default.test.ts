import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parseDocument } from 'yaml'
import { createJsonSchema } from '../../../src/config/json-schema.ts'
import { listSettings } from '../../../src/config/list-settings.ts'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { CLIENT_SECRET, LEAST, SERVER_KEY } from '../../support/config-env.ts'
import type { Env } from '../../support/config-env.ts'

const FOLDER = fileURLToPath(new URL('../../../config/', import.meta.url))
const TEXT = readFileSync(`${FOLDER}coatcheck.yaml`, 'utf8')
const SECRETS = new Map([
  ['/run/secrets/client-secret', CLIENT_SECRET],
  ['/run/secrets/coatcheck-secrets', SERVER_KEY],
])

function parseShipped(name: string, env: Env = {}) {
  return parseConfig({
    env: { ...env, COATCHECK_CONFIG: `${FOLDER}${name}` },
    readFile: (path) => SECRETS.get(path) ?? readFileSync(path, 'utf8'),
  })
}

/** What the schema gives as the default at a path; undefined where there is none. */
function defaultOf(path: readonly string[]): unknown {
  let node: unknown = createJsonSchema()
  for (const step of path) node = member(member(node, step === 'items' ? 'items' : 'properties'), step === 'items' ? '' : step)
  return member(node, 'default')
}

function member(value: unknown, key: string): unknown {
  if (key === '') return value
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined
}

describe('config/coatcheck.yaml', () => {
  const tree: unknown = parseDocument(TEXT).toJS()
  const paths = listSettings().map(({ path }) => path.split('.'))
  const [route] = [member(member(tree, 'routes'), '0')]
  const routeKeys = Object.keys(
    Object(member(member(member(member(createJsonSchema(), 'properties'), 'routes'), 'items'), 'properties')),
  )

  test('boots as it is, once the secrets are there', () => {
    expect(parseShipped('coatcheck.yaml').config).toMatchObject({
      baseUrl: { origin: 'https://app.example.com' },
      store: { kind: 'redis' },
    })
  })

  test('shows editors where the schema is, in its first line', () => {
    expect(TEXT.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./coatcheck.schema.json'])
  })

  test.each(paths.map((path) => [path.join('.'), path] as const))(
    'mentions %s with a comment of its own, and its true default',
    (_name, path) => {
      const key = path.at(-1) ?? ''
      const lines = TEXT.split('\n')
      const at = lines.findIndex(
        (line) => new RegExp(`^${path.length > 1 ? '  ' : ''}(# )?${key}:`).test(line) && isIn(lines, line, path),
      )
      expect(lines[at - 1]).toMatch(/^ *# \S/)

      const written = path.reduce<unknown>(member, tree)
      const value = defaultOf(path)
      if (written === undefined) expect(value).toBeUndefined()
      else if (value !== undefined && key !== 'routes') expect(written).toEqual(value)
    },
  )

  test.each(routeKeys)('mentions %s of a route, and its true default', (key) => {
    const written = member(route, key)
    const value = defaultOf(['routes', 'items', key])
    if (value !== undefined) expect(written).toEqual(value)
    expect(TEXT).toMatch(new RegExp(`^(?:  - |    )${written === undefined ? '# ' : ''}${key}: \\S`, 'm'))
  })

  test('names every variable that does not follow from its path', () => {
    for (const name of ['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'CLIENT_AUTH', 'SCOPES', 'STORE'])
      expect(TEXT).toContain(`(COATCHECK_${name}`)
  })
})

describe('config/coatcheck.schema.json', () => {
  test('is what the schema of the code makes', () => {
    const committed: unknown = JSON.parse(readFileSync(`${FOLDER}coatcheck.schema.json`, 'utf8'))
    expect(committed).toEqual(JSON.parse(JSON.stringify(createJsonSchema())))
  })
})

describe('config/presets', () => {
  const names = readdirSync(`${FOLDER}presets`)

  test('are there', () => expect(names.toSorted()).toEqual(['auth0.yaml', 'entra-id.yaml', 'keycloak.yaml', 'okta.yaml']))

  test.each(names)('%s boots together with the rest', (name) => {
    const { COATCHECK_ISSUER: _issuer, COATCHECK_CLIENT_ID: _client, ...rest } = LEAST
    const { config } = parseShipped(`presets/${name}`, rest)
    expect(config.provider.issuer).toMatch(/^https:/)
    expect(config.provider.assumeS256).toBe(name === 'entra-id.yaml')
  })
})

/** Whether a line stands in the section that the path names, by the last line before it that is not indented. */
function isIn(lines: readonly string[], line: string, [section = '', key]: readonly string[]): boolean {
  if (key === undefined) return true
  const start = lines.indexOf(`${section}:`)
  const end = lines.findIndex((each, index) => index > start && /^[a-z]/.test(each))
  const within = lines.slice(start, end === -1 ? undefined : end)
  return within.includes(line)
}
