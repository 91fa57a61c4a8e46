import type { z } from 'zod'
import { routeSettings } from './route-settings.ts'
import { lifetimeRuleSettings } from './session-settings.ts'
import { sections, settings } from './settings.ts'

/** One thing that can be configured. */
export interface Setting {
  /** Its path in the file, such as `session.idleTimeout`. */
  readonly path: string
  /** Its variable, such as `COATCHECK_SESSION_IDLE_TIMEOUT`. */
  readonly variable: string
  /** Whether it is also read from the file that `<variable>_FILE` names. */
  readonly secret: boolean
}

/** The variables that do not follow from their path: the short names that scripts rely on. They have no second name. */
const SHORT = new Map([
  ['provider.issuer', 'COATCHECK_ISSUER'],
  ['provider.clientId', 'COATCHECK_CLIENT_ID'],
  ['provider.clientSecret', 'COATCHECK_CLIENT_SECRET'],
  ['provider.clientAuth', 'COATCHECK_CLIENT_AUTH'],
  ['provider.scopes', 'COATCHECK_SCOPES'],
  ['store.url', 'COATCHECK_STORE'],
])

/** Every setting, in the order of the schema. */
export function listSettings(): readonly Setting[] {
  return Object.keys(settings.shape).flatMap((key) => {
    const section = new Map<string, z.ZodObject>(Object.entries(sections)).get(key)
    const paths = section === undefined ? [key] : Object.keys(section.shape).map((inner) => `${key}.${inner}`)
    return paths.map((path) => ({
      path,
      variable: SHORT.get(path) ?? deriveVariable(path),
      secret: describeSetting(path.split('.')).isSecret,
    }))
  })
}

/** The variable that a path stands for: `session.idleTimeout` is `COATCHECK_SESSION_IDLE_TIMEOUT`. */
export function deriveVariable(path: string): string {
  return `COATCHECK_${path
    .replaceAll('.', '_')
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toUpperCase()}`
}

/** The names that may stand at a path of the file: of all sections, of one section, of a route, of a rule. */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  if (path[0] === 'routes') return Object.keys(routeSettings.shape)
  if (path[1] === 'rules') return Object.keys(lifetimeRuleSettings.shape)
  const section = new Map<PropertyKey, z.ZodObject>(Object.entries(sections)).get(path[0] ?? '')
  return Object.keys(section?.shape ?? settings.shape)
}

/** What the schema says about a path, beyond its type. */
export function describeSetting(path: readonly PropertyKey[]): { readonly example: unknown; readonly isSecret: boolean } {
  const meta = schemaAt(path)?.meta()
  const [example]: readonly unknown[] = Array.isArray(meta?.['examples']) ? meta['examples'] : []
  return { example, isSecret: meta?.['writeOnly'] === true }
}

function schemaAt([first = '', second = '', third, fourth]: readonly PropertyKey[]): z.ZodType | undefined {
  if (first === 'routes' && third !== undefined) return member(routeSettings.shape, third)
  if (second === 'rules' && fourth !== undefined) return member(lifetimeRuleSettings.shape, fourth)
  const section = new Map<PropertyKey, z.ZodObject>(Object.entries(sections)).get(first)
  return section === undefined ? member(settings.shape, first) : member(section.shape, second)
}

function member(shape: Readonly<Record<string, z.ZodType>>, key: PropertyKey): z.ZodType | undefined {
  return new Map<PropertyKey, z.ZodType>(Object.entries(shape)).get(key)
}
