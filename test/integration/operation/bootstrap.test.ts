import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { until } from '../../support/until.ts'

const BOOTSTRAP = new URL('../../../bin/bootstrap.js', import.meta.url).pathname
const folders: string[] = []
const groups: number[] = []
afterEach(async () => {
  for (const group of groups.splice(0)) endGroup(group)
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** The bootstrap and the script it started; both may be gone already. */
function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const SCRIPT = `
  process.on('SIGTERM', () => { console.log('told to end'); process.exit(7) })
  console.log(JSON.stringify({ words: process.argv.slice(2), runtime: process.execPath, path: process.env.PATH.split(':')[0] }))
  if (process.argv.includes('wait')) setInterval(() => undefined, 1000)
  else process.exitCode = 3
`

interface Choices {
  /** What stands in for npm: nothing is to be fetched here. It notes its words in \`npm-was-asked\`. */
  readonly npm?: string
  readonly installed?: 'fresh' | 'old' | 'no'
}

/** A repository in miniature, with a runtime that is this one. */
async function begin({ npm = 'exit 0', installed = 'fresh' }: Choices = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bootstrap-'))
  folders.push(folder)
  const binaries = join(folder, 'node_modules', '.bin')
  const programs = join(folder, 'programs')
  await mkdir(join(folder, 'bin'))
  await mkdir(programs)
  await copyFile(BOOTSTRAP, join(folder, 'bin', 'bootstrap.js'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'package-lock.json'), '{}')
  await writeFile(join(folder, 'script.js'), SCRIPT)
  const standIn = `#!/bin/sh\necho "$@" >> '${folder}/npm-was-asked'\n${npm}\n`
  await writeFile(join(programs, 'npm'), standIn, { mode: 0o755 })
  if (installed !== 'no') {
    await mkdir(binaries, { recursive: true })
    await symlink(process.execPath, join(binaries, 'node'))
    await writeFile(join(folder, 'node_modules', '.package-lock.json'), '{}')
    const [then, now] = [new Date(Date.now() - 60_000), new Date()]
    const [lock, hidden] = installed === 'fresh' ? [then, now] : [now, then]
    await utimes(join(folder, 'package-lock.json'), lock, lock)
    await utimes(join(folder, 'node_modules', '.package-lock.json'), hidden, hidden)
  }

  function start(...words: readonly string[]) {
    const env = { PATH: `${programs}:/usr/bin:/bin` }
    const child = spawn(process.execPath, [join(folder, 'bin', 'bootstrap.js'), ...words], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()))
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
    const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, said }))
    })
    return { child, ended, said: () => said }
  }

  const npmWords = async () => (await readFile(join(folder, 'npm-was-asked'), 'utf8').catch(() => '')).trim()
  return {
    folder,
    start,
    npmWords,
    makeRuntime: `mkdir -p node_modules/.bin && ln -s '${process.execPath}' node_modules/.bin/node`,
  }
}

describe('the bootstrap, which any Node from 20 on runs', () => {
  test('starts the script on the pinned runtime, words passed on, and ends with its exit code', async () => {
    const { folder, start, npmWords } = await begin()
    const { code, said } = await start('script.js', 'a word', '--flag').ended
    expect(code).toBe(3)
    const binaries = join(folder, 'node_modules', '.bin')
    expect(JSON.parse(said)).toEqual({ words: ['a word', '--flag'], runtime: expect.any(String), path: binaries })
    expect(await npmWords()).toBe('')
  })

  test('installs what is missing, development packages included, and says so in one line', async () => {
    const { makeRuntime } = await begin()
    const { start, npmWords } = await begin({ installed: 'no', npm: makeRuntime })
    const { code, said } = await start('script.js').ended
    expect(code).toBe(3)
    expect(await npmWords()).toMatch(/^ci --include=dev /)
    expect(said.split('\n')[0]).toMatch(/^Installing packages and the runtime/)
    expect(said.trimEnd().split('\n')).toHaveLength(2)
  })

  test('installs again when the lockfile is newer than what was installed', async () => {
    const { start, npmWords } = await begin({ installed: 'old' })
    await start('script.js').ended
    expect(await npmWords()).toMatch(/^ci /)
  })

  test('an npm that fails is quoted, and nothing is started', async () => {
    const { start } = await begin({ installed: 'no', npm: 'echo "npm error: the disk is full" >&2; exit 1' })
    const { code, said } = await start('script.js').ended
    expect(code).toBe(1)
    expect(said).toContain('npm error: the disk is full\n`npm ci` did not succeed')
  })

  test('an npm that leaves no runtime, as with ignore-scripts: one sentence that says what to do', async () => {
    const { start } = await begin({ installed: 'no', npm: 'mkdir node_modules' })
    const { code, said } = await start('script.js').ended
    expect(code).toBe(1)
    expect(said).toContain('run `npm ci --include=dev --ignore-scripts=false` once')
  })

  test('a signal reaches the script, and its exit code comes back', async () => {
    const { start } = await begin()
    const { child, ended, said } = start('script.js', 'wait')
    await until('the script runs', () => said().includes('words'))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 7, said: expect.stringContaining('told to end') })
  })
})
