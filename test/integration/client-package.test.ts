import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { codeBlocks, ROOT } from '../support/documents.ts'

const TSC = `${ROOT}node_modules/.bin/tsc`
const CONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: 'nodenext',
    jsx: 'react-jsx',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: [],
  },
  include: ['*.ts', '*.tsx'],
}

/** A project that has installed Coatcheck as a package, and React beside it. */
let project: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'coatcheck-package-'))
  const installed = join(project, 'node_modules/coatcheck')
  mkdirSync(installed, { recursive: true })
  cpSync(`${ROOT}package.json`, join(installed, 'package.json'))
  execFileSync(TSC, ['-p', `${ROOT}client/tsconfig.build.json`, '--outDir', join(installed, 'dist/client')])
  for (const name of ['react', '@types', 'csstype', 'react-test-renderer', 'scheduler'])
    symlinkSync(`${ROOT}node_modules/${name}`, join(project, 'node_modules', name))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(CONFIG))
})
afterAll(() => rmSync(project, { recursive: true }))

function run(script: string): unknown {
  const words = ['--preserve-symlinks', '--input-type=module', '--eval', script]
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('the client as a package', () => {
  test('has types that know the three states apart, and the examples of the documentation keep to them', () => {
    const examples = ['ts', 'tsx'].flatMap((language) =>
      codeBlocks(language).map(([path, code], index) => {
        const name = `example-${index}.${language}`
        // Each is a module of its own, whatever it imports.
        writeFileSync(join(project, name), `${code}\nexport {}\n`)
        return `${path}: ${name}`
      }),
    )
    expect(examples.length).toBeGreaterThanOrEqual(4)
    writeFileSync(
      join(project, 'misuse.ts'),
      `import { createCoatcheck, type Session } from 'coatcheck/client'
const { session } = createCoatcheck()
const current: Session = session.current
// @ts-expect-error -- an end is known of those who are signed in only
current.idleExpiresAt
if (current.state === 'signed-in') current.idleExpiresAt.toFixed()
// @ts-expect-error -- nobody changes what is known
session.current = current
`,
    )
    const { stdout, status } = spawnSync(TSC, ['-p', project], { encoding: 'utf8' })
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
  })

  test('may be imported on a server, where nothing is known and nothing runs', () => {
    const script = `
      import { createCoatcheck } from 'coatcheck/client'
      process.stdout.write(JSON.stringify(createCoatcheck().session.current))`
    expect(run(script)).toEqual({ state: 'unknown' })
  })

  test('draws a component of React again whenever something else is known', () => {
    const script = `
      import { createElement } from 'react'
      import { act, create } from 'react-test-renderer'
      import { CoatcheckContext, useCoatcheck, useSession } from 'coatcheck/client/react'
      globalThis.IS_REACT_ACT_ENVIRONMENT = true
      const listeners = new Set()
      const session = { current: { state: 'unknown' }, subscribe: (listener) => (listeners.add(listener), () => listeners.delete(listener)) }
      const learn = (current) => act(() => { session.current = current; for (const listener of listeners) listener(current) })
      function Who() { useCoatcheck(); const { state, user } = useSession(); return user?.name ?? state }
      let root
      await act(() => { root = create(createElement(CoatcheckContext, { value: { session } }, createElement(Who))) })
      const drawn = [root.toJSON()]
      await learn({ state: 'signed-in', user: { name: 'Alice' } }); drawn.push(root.toJSON())
      await learn({ state: 'signed-out', reason: 'idle' }); drawn.push(root.toJSON())
      await act(() => root.unmount()); drawn.push(listeners.size)
      try { await act(() => create(createElement(Who))) } catch (error) { drawn.push(error.message) }
      process.stdout.write(JSON.stringify(drawn))`
    expect(run(script)).toEqual(['unknown', 'Alice', 'signed-out', 0, expect.stringContaining('CoatcheckContext')])
  })
})
