import { z } from 'zod'
import { parseServerKey } from './parse-secrets.ts'
import { text } from './setting-kinds.ts'

/** Ending other people's sessions, on the private listener. */
export const adminSettings = z.strictObject({
  secret: text(parseServerKey)
    .optional()
    .meta({
      description: 'Turns /admin on, on the private listener, and is what it asks for (Authorization: Bearer).',
      examples: ['${file:/run/secrets/coatcheck-admin}'],
      writeOnly: true,
    }),
})
