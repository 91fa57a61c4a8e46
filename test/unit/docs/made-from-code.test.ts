import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { BLOCKS, DOCUMENTS } from '../../../bin/docs/blocks.ts'
import { describeSettings } from '../../../bin/docs/describe-settings.ts'
import { fillBlocks } from '../../../bin/docs/fill-blocks.ts'
import { listSettings } from '../../../src/config/list-settings.ts'
import { FAILURES } from '../../../src/errors.ts'
import { WEATHER } from '../../../src/report/weather.ts'
import { EVENT_TABLE } from '../../../src/operations/event-table.ts'
import { END_REASONS } from '../../../src/report/end-reasons.ts'
import { createMetrics } from '../../../src/operations/metrics.ts'
import { readDocument, readDocuments, ROOT } from '../../support/documents.ts'

const everything = readDocuments()
  .map(({ text }) => text)
  .join('\n')

function mentioned(pattern: RegExp): readonly string[] {
  return [...new Set(everything.match(pattern))].toSorted()
}

function manifest(key: string): readonly string[] {
  const content: unknown = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  return Object.keys(Object(new Map(Object.entries(Object(content))).get(key)))
}

describe('what is made from the code', () => {
  test.each(DOCUMENTS)('is current in %s (node bin/write-docs.ts writes it)', async (path) => {
    const { text } = readDocument(path)
    expect(text).toBe(await fillBlocks(text, BLOCKS))
  })

  test('stands somewhere, all of it', () => {
    for (const name of Object.keys(BLOCKS)) expect(everything).toContain(`<!-- begin ${name} -->`)
  })

  test('knows what is required, and the default of all else', () => {
    const settings = new Map(describeSettings().map((setting) => [setting.path, setting]))
    expect(settings.get('baseUrl')).toMatchObject({ variable: 'COATCHECK_BASE_URL', standard: 'required', secret: false })
    expect(settings.get('store.url')).toMatchObject({ variable: 'COATCHECK_STORE', standard: 'required', secret: true })
    expect(settings.get('session.idleTimeout')).toMatchObject({ standard: '`60m`' })
    expect(settings.get('routes')).toMatchObject({ standard: 'none' })
    expect(settings.get('routes[].upstream')).toMatchObject({ standard: 'required', variable: undefined })
    expect(describeSettings().filter(({ means }) => means === '')).toEqual([])
  })

  test('names a block that nobody renders', async () => {
    await expect(fillBlocks('<!-- begin weather -->\n<!-- end weather -->', BLOCKS)).rejects.toThrow('weather')
  })
})

describe('what the documentation names is there', () => {
  test('every variable', () => {
    const known = listSettings().flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable]))
    const others = ['COATCHECK_CONFIG', 'COATCHECK_DEMO_PORT']
    // Made by container platforms, and passed over.
    const isServiceLink = /^COATCHECK_PORT_\d+_TCP$/
    const named = mentioned(/\bCOATCHECK_[A-Z_0-9]+/g).filter((name) => !isServiceLink.test(name))
    expect(named.filter((name) => ![...known, ...others].includes(name))).toEqual([])
  })

  test('every setting', () => {
    const known = new Set(describeSettings().flatMap(({ path }) => [path, path.replace('routes[].', '')]))
    const sections = /`((?:provider|store|session|login|log|drain)\.[A-Za-z]+)(?::[^`]*)?`/g
    const named = [...everything.matchAll(sections)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !known.has(path))).toEqual([])
  })

  test('every metric', async () => {
    const metrics = createMetrics({ version: 'any' })
    const text = await metrics.render({
      inFlight: 0,
      tunnels: 0,
      streams: 0,
      providerReady: true,
      storeLive: true,
      draining: false,
    })
    const known = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    const named = mentioned(/\bcoatcheck_[a-z_]*[a-z]\b/g)
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })

  test('every event and every code of the night shift', () => {
    const known = [
      ...Object.keys(EVENT_TABLE),
      ...Object.keys(FAILURES),
      ...END_REASONS,
      ...WEATHER,
      'request',
      'token_refreshed',
    ]
    const table = readDocument('docs/operating.md').prose.split('## The log')[0] ?? ''
    const named = [...table.matchAll(/`([a-z]+_[a-z_]+)`/g)].flatMap(([, name = '']) => name)
    const outcomes = [
      'acr_values_supported',
      'answer_invalid',
      'auth_time',
      'not_started',
      'signed_in',
      'invalid_client',
      'offline_access',
      'proxy_read_timeout',
      'real_ip_header',
      'session_unknown',
    ]
    expect(named.length).toBeGreaterThan(15)
    expect(named.filter((name) => !known.includes(name) && !outcomes.includes(name) && !name.startsWith('coatcheck_'))).toEqual(
      [],
    )
  })

  test('every code and every reason, wherever one is told', () => {
    const { prose } = readDocument('docs/http.md')
    for (const [, status = '', code = ''] of prose.matchAll(/\b([45]\d\d) `([a-z_]+)`/g))
      expect(new Map(Object.entries(FAILURES)).get(code)).toMatchObject({ status: Number(status) })
    for (const reason of END_REASONS) {
      expect(prose).toContain(`\`${reason}\``)
      expect(readDocument('README.md').prose).toContain(`\`${reason}\``)
    }
  })

  test('every reason for which no token can be had, each with its meaning', () => {
    const section = readDocument('docs/http.md').prose.split('## Fresh tokens')[1]?.split('\n## ')[0] ?? ''
    const cells = [...section.matchAll(/^\| (`[a-z_`, ]+`) \| .+ \|$/gm)].map(([, cell = '']) => cell)
    const named = cells.flatMap((cell) => cell.replaceAll('`', '').split(', '))
    expect(named.toSorted()).toEqual([...WEATHER].toSorted())
  })

  test('every dependency, each with its reason and none besides', () => {
    const section = readDocument('README.md').prose.split('## What it is made of')[1]?.split('\n## ')[0] ?? ''
    const rows = [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)]
    expect(new Set(rows.map(([, name]) => name))).toEqual(new Set(manifest('dependencies')))
    expect(rows).toHaveLength(manifest('dependencies').length)
    for (const [, , reason = ''] of rows) expect(reason).toMatch(/^[A-Z].{10,}\.$/)
  })

  test('every endpoint of the gateway is in the contract', () => {
    const mounts = readFileSync(`${ROOT}src/gateway.ts`, 'utf8').matchAll(/mount\('\w+', '([^':]+)/g)
    const paths = [...mounts].map(([, path]) => `/bff${path}`)
    expect(paths.length).toBeGreaterThan(8)
    expect(paths.filter((path) => !readDocument('docs/http.md').prose.includes(`${path}\``))).toEqual([])
  })
})
