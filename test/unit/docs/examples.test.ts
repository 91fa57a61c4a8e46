import { readFileSync } from 'node:fs'
import { SourceTextModule } from 'node:vm'
import { describe, expect, test } from '@jest/globals'
import { EVENT_TABLE } from '../../../src/operations/event-table.ts'
import { createLogger } from '../../../src/operations/logger.ts'
import { CLIENT_SECRET, LEAST, problemsOf, problemsOfFile, SERVER_KEY } from '../../support/config-env.ts'
import { codeBlocks, readDocument, readDocuments, ROOT } from '../../support/documents.ts'
import { collectLines } from '../../support/lines.ts'
import { pemFiles } from '../../support/pem-files.ts'

/** Those of TypeScript are compiled where the client is installed as a package: test/integration/client-package.test.ts. */
const LANGUAGES = ['sh', 'js', 'json', 'yaml', 'env', 'ts', 'tsx']
const SECRET_FILES = {
  '/run/secrets/client-secret': CLIENT_SECRET,
  '/run/secrets/coatcheck-secrets': SERVER_KEY,
  '/run/secrets/redis/password': 'of Redis',
  '/run/secrets/redis/sentinel-password': 'of the sentinels',
  '/run/secrets/api-key': 'k3y',
}

/** The lines of log among the examples in JSON. */
function logLines(): readonly (readonly [path: string, line: string])[] {
  return codeBlocks('json').flatMap(([path, code]) =>
    code.split('\n').flatMap((line) => (line.startsWith('{"level"') ? [[path, line] as const] : [])),
  )
}

describe('the examples', () => {
  test('are of languages that are tested', () => {
    const languages = readDocuments().flatMap(({ blocks }) => blocks.map(({ language }) => language))
    expect(languages.filter((language) => !LANGUAGES.includes(language))).toEqual([])
  })

  test.each(codeBlocks('json'))('of JSON parse (%s)', (_, code) => {
    for (const text of code.startsWith('{"level"') ? code.split('\n') : [code]) expect(JSON.parse(text)).toBeInstanceOf(Object)
  })

  test.each(codeBlocks('yaml'))('of configuration boot (%s)', async (_, code) => {
    const pem = await pemFiles()
    const files = { ...SECRET_FILES, '/etc/coatcheck/upstream-ca.pem': pem['/authority.pem'] }
    const identity = { '/etc/coatcheck/client.pem': pem['/client.pem'], '/run/secrets/client-key.pem': pem['/client.key'] }
    expect(problemsOfFile(code, {}, { ...files, ...identity })).toEqual([])
  })

  test.each(codeBlocks('env'))('of variables boot (%s)', (_, code) => {
    const lines = code.trim().split('\n')
    const env = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    expect(problemsOf({ ...LEAST, ...Object.fromEntries(env) }, SECRET_FILES)).toEqual([])
  })

  test.each(codeBlocks('js'))('of JavaScript are JavaScript (%s)', (_, code) => {
    expect(() => new SourceTextModule(code)).not.toThrow()
  })

  test.each(logLines())('of the log are lines that the logger writes (%s)', (_, line) => {
    const { level, time, event, ...fields } = JSON.parse(line)
    expect(Object.keys(EVENT_TABLE).concat('request')).toContain(event)
    const lines = collectLines()
    createLogger({ level: 'trace' }, lines.output).line(level, event, fields)
    expect(lines.parsed()).toEqual([{ ...JSON.parse(line), time: expect.stringMatching(/^2\d{3}-\d\d-\d\dT[\d:.]+Z$/) }])
    expect(new Date(time).toISOString()).toBe(time)
  })

  test('include lines of the log', () => expect(logLines().length).toBeGreaterThanOrEqual(2))
})

describe('the commands', () => {
  const scripts = new Map<string, string>(Object.entries(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')).scripts))

  test('begin with the two that show everything, and those are what CI and the browser tests run', () => {
    const [first] = readDocument('README.md').blocks
    const lines = first?.code.split('\n').map((line) => line.replace(/\s+#.*/, ''))
    expect(first?.language).toBe('sh')
    expect(lines).toEqual(['npm run demo', 'npm test'])
    expect(readFileSync(`${ROOT}.ci/run`, 'utf8')).toMatch(/^npm test/m)
    expect(scripts.get('test')).toContain('test/run.ts')
    expect(scripts.get('demo')).toContain('demo/main.ts')
    expect(readFileSync(`${ROOT}test/support/demo.ts`, 'utf8')).toContain("'demo/main.ts'")
  })

  test.each(
    codeBlocks('sh').flatMap(([path, code]) => code.split('\n').map((line) => [line.replace(/\s+#.*/, ''), path] as const)),
  )('%s is one that there is (%s)', (line) => {
    const [program, word = '', name = ''] = line.split(' ')
    if (program === 'npm') expect([...scripts.keys()]).toContain(word === 'run' ? name : word)
    else expect(['docker', 'curl', 'openssl']).toContain(program)
  })

  test('for containers name what is there', () => {
    const compose = readFileSync(`${ROOT}compose.yaml`, 'utf8')
    expect(compose).toMatch(/^ {2}coatcheck:$/m)
    expect(compose).toContain('profiles: [demo]')
    const named = new Set(codeBlocks('sh').flatMap(([, code]) => [...code.matchAll(/--profile (\w+)/g)].map(([, name]) => name)))
    expect([...named]).toEqual(['demo'])
  })
})
