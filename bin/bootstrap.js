// Runs a script of this repository on the runtime that the repository pins, from a fresh clone and with any Node from 20 on:
//
//   node bin/bootstrap.js <script> [arguments…]
//
// Plain JavaScript without dependencies, since it runs before either is there. It installs the packages when they are missing
// or older than the lockfile, and then starts node_modules/.bin/node by its path: a shell may still remember another `node`.

import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LEAST_NODE = 20
const root = fileURLToPath(new URL('..', import.meta.url))
const binaries = join(root, 'node_modules', '.bin')
const runtime = join(binaries, 'node')

function changedAt(...path) {
  const file = join(root, ...path)
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

function needsInstall() {
  return !existsSync(runtime) || changedAt('node_modules', '.package-lock.json') < changedAt('package-lock.json')
}

/** Installs what the lockfile names; npm's own words are shown only where it fails. */
function install() {
  process.stderr.write('Installing packages and the runtime that this repository pins (npm ci); this takes a minute, once.\n')
  const words = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath ?? ''
  // Under `npm test` the npm that is running is the one to use; it need not be on the PATH.
  const [command, before] = basename(npm) === 'npm-cli.js' ? [process.execPath, [npm]] : ['npm', []]

  return new Promise((resolve) => {
    const child = spawn(command, [...before, ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = []
    child.stdout.on('data', (piece) => said.push(piece))
    child.stderr.on('data', (piece) => said.push(piece))
    child.on('error', (error) => fail(`npm could not be started (${error.code}): install npm, or put it on the PATH.`))
    child.on('close', (code) => {
      if (code === 0) return resolve()
      process.stderr.write(Buffer.concat(said))
      return fail('`npm ci` did not succeed; what it said is above.')
    })
  })
}

/** Starts the script, passes signals on to it and ends as it ends. */
function run(script, rest) {
  const path = [binaries, process.env.PATH].filter(Boolean).join(delimiter)
  const child = spawn(runtime, [join(root, script), ...rest], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  })

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; passing it on would make it two.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`The runtime ${runtime} could not be started (${error.code}).`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

function fail(says) {
  process.stderr.write(`${says}\n`)
  process.exit(1)
}

async function main([script, ...rest]) {
  if (process.platform === 'win32') return fail('Windows is not supported; inside WSL everything works.')
  if (Number(process.versions.node.split('.', 1)[0]) < LEAST_NODE) {
    return fail(`This needs Node ${LEAST_NODE} or later to begin with; this is ${process.versions.node} (${process.execPath}).`)
  }
  if (script === undefined) return fail('Say which script to run: node bin/bootstrap.js <script> [arguments…]')

  if (needsInstall()) await install()
  if (!existsSync(runtime)) {
    return fail(
      'npm installed the packages but no runtime (the package `node`), which happens with ignore-scripts or without development dependencies: run `npm ci --include=dev --ignore-scripts=false` once, then try again.',
    )
  }
  return run(script, rest)
}

await main(process.argv.slice(2))
