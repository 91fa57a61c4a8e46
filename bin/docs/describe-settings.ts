import { ConfigurationError } from '../../src/config/configuration-error.ts'
import { createJsonSchema } from '../../src/config/json-schema.ts'
import { listSettings } from '../../src/config/list-settings.ts'
import { parseConfig } from '../../src/config/parse-config.ts'

/** A setting as the documentation shows it. */
export interface DescribedSetting {
  readonly path: string
  /** Undefined in a route: routes have one variable together. */
  readonly variable: string | undefined
  readonly secret: boolean
  /** `required`, the default as a user would write it, or `none`. */
  readonly standard: string
  readonly means: string
}

/** Every setting, in the order of the schema; at the end those of one route, as `routes[].…`. */
export function describeSettings(): readonly DescribedSetting[] {
  const schema: unknown = createJsonSchema()
  const missing = missingVariables()
  const settings = listSettings().map(({ path, variable, secret }) => {
    const node = path.split('.').reduce((outer, key) => member(member(outer, 'properties'), key), schema)
    return { path, variable, secret, means: text(member(node, 'description')), standard: standardOf(node, missing.has(variable)) }
  })
  const route = member(member(member(schema, 'properties'), 'routes'), 'items')
  const required = [member(route, 'required')].flat()
  const ofRoute = Object.entries(Object(member(route, 'properties'))).map(([key, node]) => ({
    path: `routes[].${key}`,
    variable: undefined,
    secret: false,
    means: text(member(node, 'description')),
    standard: standardOf(node, required.includes(key) && member(node, 'default') === undefined),
  }))
  return [...settings, ...ofRoute]
}

/** What the parser itself asks for where nothing is set. */
function missingVariables(): ReadonlySet<string> {
  try {
    parseConfig({ env: {} })
  } catch (error) {
    if (error instanceof ConfigurationError) return new Set(error.problems.map(({ place }) => place.split(' ', 1).join()))
    throw error
  }
  throw new Error('Nothing is required any more; the documentation says otherwise.')
}

function standardOf(node: unknown, required: boolean): string {
  if (required) return 'required'
  const value = member(node, 'default')
  if (value === undefined || (typeof value === 'object' && Object.keys(Object(value)).length === 0)) return 'none'
  return `\`${writeValue(value)}\``
}

function writeValue(value: unknown): string {
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(key) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
