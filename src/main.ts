#!/usr/bin/env node
const LEAST_NODE = 24

const USAGE = `coatcheck: a Backend-for-Frontend gateway

  coatcheck serve     run the gateway (the default)
  coatcheck check     say what would happen: configuration, provider, store, upstreams
  coatcheck --help    this text
  coatcheck --version

Configuration comes from COATCHECK_* variables and the file that COATCHECK_CONFIG names; see config/coatcheck.yaml.
`

/**
 * The process. Exit codes: 0 after a drain or a good check, 1 where it could not start, found something wrong or was forced to
 * end, 2 where the command line is not understood.
 *
 * Parts are imported only once the runtime is known to be able to load them, and only those that the command needs.
 */
async function main(command: string, ...rest: string[]): Promise<number> {
  if (Number(process.versions.node.split('.', 1)[0]) < LEAST_NODE) {
    return fail(`Coatcheck needs Node ${LEAST_NODE} or later; this is ${process.versions.node} (${process.execPath}).`)
  }
  if (rest.length > 0) return misunderstood(`${command} takes no arguments, but got: ${rest.join(' ')}`)

  switch (command) {
    case 'serve': {
      const { runUntilStopped } = await import('./commands/run-until-stopped.ts')
      return runUntilStopped()
    }
    case 'check': {
      const { check } = await import('./commands/check.ts')
      return check({ env: process.env, write: (text) => process.stdout.write(text) })
    }
    case '--help':
    case '-h':
    case 'help':
      process.stdout.write(USAGE)
      return 0
    case '--version':
    case '-v': {
      const { readVersion } = await import('./commands/version.ts')
      process.stdout.write(`${readVersion()}\n`)
      return 0
    }
    default:
      return misunderstood(`There is no command "${command}".`)
  }
}

function fail(says: string): number {
  process.stderr.write(`${says}\n`)
  return 1
}

function misunderstood(says: string): number {
  process.stderr.write(`${says} The commands are serve and check; coatcheck --help says more.\n`)
  return 2
}

const [command = 'serve', ...rest] = process.argv.slice(2)
// Ends here whatever a library still holds open.
process.exit(await main(command, ...rest))
