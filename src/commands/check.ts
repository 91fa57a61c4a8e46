import { ConfigurationError } from '../config/configuration-error.ts'
import { parseConfig } from '../config/parse-config.ts'
import type { ParsedConfig } from '../config/parse-config.ts'
import { checkProvider } from './check-provider.ts'
import { checkStore } from './check-store.ts'
import { checkUpstreams } from './check-upstreams.ts'
import { writeFinding } from './finding.ts'
import type { Finding } from './finding.ts'

interface Steps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly write: (text: string) => unknown
  readonly execArgv?: readonly string[]
  readonly now?: () => number
}

/**
 * Says what would happen if the gateway were started now: a line for each thing that is well (`ok`), deserves a look (`warn`) or
 * would not work (`fail`). Changes nothing. Resolves with the exit code: 1 where something would not work, else 0.
 */
export async function check({ env, write, execArgv = process.execArgv, now = Date.now }: Steps): Promise<number> {
  const findings = await find({ env, execArgv, now })
  for (const finding of findings) write(writeFinding(finding))
  const failures = findings.filter(({ level }) => level === 'fail').length
  write(failures === 0 ? '\nNothing stands against a start.\n' : `\n${failures} of these would keep it from working.\n`)
  return failures === 0 ? 0 : 1
}

async function find({ env, execArgv, now }: Omit<Required<Steps>, 'write'>): Promise<readonly Finding[]> {
  const parsed = parse(env, execArgv)
  if (!('config' in parsed)) return parsed
  const { config } = parsed
  const parts = await Promise.all([
    checkProvider({ config: config.provider, baseUrl: config.baseUrl, now }),
    checkStore(config),
    checkUpstreams(config.routes),
  ])
  return [...describe(parsed), ...parts.flat()]
}

function parse(env: Steps['env'], execArgv: readonly string[]): ParsedConfig | readonly Finding[] {
  try {
    return parseConfig({ env, execArgv })
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ place, says, write }) => ({
      level: 'fail',
      about: 'configuration',
      says: `${place} ${says} Write: ${write}`,
    }))
  }
}

function describe({ config, warnings }: ParsedConfig): readonly Finding[] {
  const { origin, prefix } = config.baseUrl
  return [
    { level: 'ok', about: 'configuration', says: `is complete; browsers see ${origin}.` },
    ...warnings.map(({ place, note }): Finding => ({ level: 'warn', about: 'configuration', says: `${place}: ${note}` })),
    { level: 'ok', about: 'register', says: `redirect URI: ${origin}${prefix}/callback` },
    { level: 'ok', about: 'register', says: `post-logout redirect URI: ${origin}${prefix}/logout/callback` },
  ]
}
