import { z } from 'zod'
import { parseClaim } from './parse-names.ts'
import { duration, integer, listInJson, text } from './setting-kinds.ts'

/** Stricter timeouts for some. */
export const lifetimeRuleSettings = z.strictObject({
  claim: text(parseClaim).meta({
    description: 'Name of a claim of the ID token or of userinfo, shown to the page or not.',
    examples: ['acr'],
  }),
  value: z
    .string()
    .min(1)
    .meta({ description: 'What it must be; of a list, what must be among it. Compared to the letter.', examples: ['urn:high'] }),
  idleTimeout: duration('1s', '30d').optional().meta({ description: 'Their idle timeout.' }),
  absoluteTimeout: duration('1s', '90d').optional().meta({ description: 'Their absolute timeout.' }),
})

/** How long sessions live, and how many. */
export const sessionSettings = z.strictObject({
  idleTimeout: duration('1s', '30d').prefault('60m').meta({ description: 'Without activity for this long, a session ends.' }),
  absoluteTimeout: duration('1s', '90d').prefault('12h').meta({ description: 'A session ends after this, whatever happens.' }),
  rules: z
    .preprocess(listInJson, z.array(lifetimeRuleSettings))
    .prefault([])
    .meta({
      description:
        'Stricter timeouts by claim, each { claim, value, idleTimeout, absoluteTimeout }. Of all that match, and the two above, the strictest counts.',
      examples: [[{ claim: 'acr', value: 'urn:high', idleTimeout: '5m', absoluteTimeout: '1h' }]],
    }),
  mostPerPerson: integer(1, 100).optional().meta({
    description: 'Sessions that one person may have at once; a sign-in beyond it ends the oldest. Left out: no limit.',
  }),
  endOthersMaxAge: duration('1m', '1d')
    .optional()
    .meta({
      description:
        'How long ago somebody may have signed in at the provider to end other sessions of theirs; else 403 with the way to sign in. Left out: whenever.',
      examples: ['15m'],
    }),
  rememberMe: z.enum(['off', 'offered', 'always']).prefault('off').meta({
    description:
      'Whether a session survives the end of the browser, by a cookie that is kept until the absolute timeout. offered: where the person chose it (/bff/login?remember=true).',
  }),
  mostCached: integer(1, 1_000_000).prefault(10_000).meta({ description: 'Most opened sessions that are kept in the process.' }),
  withoutRefreshToken: z.enum(['end', 'login']).prefault('end').meta({
    description:
      'When the access token of a session without a refresh token ends. end: the session does too. login: it stays, and calls are answered 401 with the way to sign in.',
  }),
})
