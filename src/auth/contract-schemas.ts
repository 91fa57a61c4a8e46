import { FAILURES } from '../errors.ts'
import { END_REASONS } from '../report/end-reasons.ts'

const TIME = { type: 'string', format: 'date-time' }
const TEXT = { type: 'string' }

/** An object with these members, all of them there but the optional ones. */
function shape(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) }
}

/** The bodies that the endpoints answer, in JSON Schema as OpenAPI 3.1 takes it. */
export const SCHEMAS = {
  Session: {
    oneOf: [
      shape({
        authenticated: { const: true },
        user: { type: 'object', description: 'Claims that `provider.claims` lists.' },
        createdAt: TIME,
        idleExpiresAt: TIME,
        absoluteExpiresAt: TIME,
        now: TIME,
      }),
      shape({ authenticated: { const: false }, reason: { $ref: '#/components/schemas/Reason' }, loginUrl: TEXT, now: TIME }),
    ],
  },
  Reason: { enum: END_REASONS },
  Continue: shape({ continue: TEXT }),
  Sessions: shape({
    sessions: {
      type: 'array',
      items: shape(
        {
          handle: TEXT,
          device: shape({ browser: TEXT, system: TEXT, kind: TEXT }, ['browser', 'system', 'kind']),
          network: TEXT,
          createdAt: TIME,
          lastSeenAt: TIME,
          current: { type: 'boolean' },
        },
        ['network'],
      ),
    },
  }),
  Ended: shape({ ended: { type: 'integer' } }),
  Problem: shape(
    {
      type: TEXT,
      title: TEXT,
      status: { type: 'integer' },
      detail: TEXT,
      code: { enum: Object.keys(FAILURES) },
      requestId: TEXT,
      reason: TEXT,
      loginUrl: TEXT,
    },
    ['reason', 'loginUrl'],
  ),
}

export type SchemaName = keyof typeof SCHEMAS
