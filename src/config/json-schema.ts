import { z } from 'zod'
import { settings } from './settings.ts'

type Json = z.core.JSONSchema.BaseSchema

/**
 * The JSON schema by which editors complete and check a configuration file; `config/coatcheck.schema.json` holds it. Nothing is
 * required there at the top, since the environment may say it; a reference (`${…}`) may stand for anything, and text with commas
 * for a list.
 */
export function createJsonSchema(): object {
  return z.toJSONSchema(settings, {
    io: 'input',
    target: 'draft-07',
    override({ jsonSchema, path }) {
      if (path.length <= 2) delete jsonSchema.required
      // The routes themselves are always a list; what is in a list is written as it is.
      if (path.at(-1) === 'routes' || path.at(-1) === 'items') return
      if (jsonSchema.type === 'array') allowText(jsonSchema, {})
      else if (jsonSchema.type === 'integer' || jsonSchema.type === 'boolean' || jsonSchema.enum)
        allowText(jsonSchema, { pattern: '\\$\\{' })
    },
  })
}

const ABOUT_BOTH = new Set(['description', 'default', 'writeOnly', 'examples'])

/** Says "this, or text" in place of "this"; what it means, and its default, stay where they are. */
function allowText(schema: Json, text: Json): void {
  const own = Object.entries(schema).filter(([key]) => !ABOUT_BOTH.has(key))
  for (const [key] of own) delete schema[key]
  schema.anyOf = [Object.fromEntries(own), { type: 'string', ...text }]
}
