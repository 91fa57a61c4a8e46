import { ConfigurationError } from '../../src/config/configuration-error.ts'
import type { Problem } from '../../src/config/configuration-error.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import type { ParsedConfig } from '../../src/config/parse-config.ts'

export type Env = Readonly<Record<string, string | undefined>>

export const CLIENT_SECRET = 'kX3vQ9rLw2TzB7mN8pYd'
export const SERVER_KEY = 'n4Qw8ZrT1yUiO6pLkJ2hGfDs9AxCvB3mE5tR7wQzXcYbNu0i'
export const OLDER_KEY = 'Zz81kLm0PqWe7RtYuI4oAsDf2GhJkL9xCvBn5M6QwErTy3Ui'

/** The least that boots. */
export const LEAST: Env = {
  COATCHECK_BASE_URL: 'https://app.example.com',
  COATCHECK_ISSUER: 'https://idp.example.com',
  COATCHECK_CLIENT_ID: 'my-app',
  COATCHECK_CLIENT_SECRET: CLIENT_SECRET,
  COATCHECK_SECRETS: SERVER_KEY,
  COATCHECK_STORE: 'memory:',
}

/** Parses with files that exist only here; a folder is a file whose content is undefined. */
export function parseWith(env: Env, files: Readonly<Record<string, string | undefined>> = {}): ParsedConfig {
  return parseConfig({
    env,
    cwd: '/srv',
    isFolder: (path) => path in files && files[path] === undefined,
    readFile(path) {
      const text = files[path]
      if (text !== undefined) return text
      throw Object.assign(new Error(`no ${path}`), { code: path in files ? 'EISDIR' : 'ENOENT' })
    },
  })
}

/** The problems that keep it from booting; empty where it boots. */
export function problemsOf(env: Env, files: Readonly<Record<string, string | undefined>> = {}): readonly Problem[] {
  return errorOf(env, files)?.problems ?? []
}

export function errorOf(env: Env, files: Readonly<Record<string, string | undefined>> = {}): ConfigurationError | undefined {
  try {
    parseWith(env, files)
    return undefined
  } catch (error) {
    if (error instanceof ConfigurationError) return error
    throw error
  }
}

/** With a file, in which everything may stand; the environment only names it. */
export function problemsOfFile(
  yaml: string,
  env: Env = {},
  files: Readonly<Record<string, string | undefined>> = {},
): readonly Problem[] {
  return problemsOf({ ...env, COATCHECK_CONFIG: '/etc/coatcheck.yaml' }, { ...files, '/etc/coatcheck.yaml': yaml })
}
