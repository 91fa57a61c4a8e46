import { z } from 'zod'
import { parseIssuer } from './parse-issuer.ts'
import { parseClaim, parseClientId, parseScope } from './parse-names.ts'
import { parseClientSecret } from './parse-secrets.ts'
import { duration, flag, text, words } from './setting-kinds.ts'

const CLAIMS = 'sub name given_name family_name preferred_username nickname email email_verified picture locale zoneinfo'

/** The provider and the client that we are there. */
export const providerSettings = z.strictObject({
  issuer: text(parseIssuer).meta({
    description: 'The provider, exactly as its metadata names itself (https; http only on this machine).',
    examples: ['https://idp.example.com'],
  }),
  clientId: text(parseClientId).meta({ description: 'The client, as registered there.', examples: ['my-app'] }),
  clientSecret: text(parseClientSecret)
    .optional()
    .meta({
      description: 'Its secret. Left out only where clientAuth is none.',
      examples: ['${file:/run/secrets/client-secret}'],
      writeOnly: true,
    }),
  clientAuth: z.enum(['auto', 'client_secret_basic', 'client_secret_post', 'none']).prefault('auto').meta({
    description: 'How the client shows its secret. auto: Basic unless the metadata lists only post. none: a public client.',
  }),
  scopes: words(parseScope)
    .refine((scopes) => scopes.includes('openid'), {
      error: 'lacks openid, without which there is no ID token.',
      params: { write: 'openid profile offline_access' },
    })
    .prefault(['openid', 'profile', 'offline_access'])
    .meta({ description: 'What is asked for; offline_access keeps people signed in for longer than one access token.' }),
  claims: words(parseClaim)
    .prefault(CLAIMS.split(' '))
    .meta({ description: 'Claims that GET /bff/session may show to the page.' }),
  timeout: duration('100ms', '60s').prefault('10s').meta({ description: 'For each call to the provider.' }),
  refreshTimeout: duration('100ms', '2m').prefault('30s').meta({
    description: 'For the call that refreshes tokens: longer, since an abandoned rotation is a lost session.',
  }),
  refreshLeeway: duration('0s', '1h').prefault('60s').meta({
    description: 'How long before its end an access token is renewed; never before half of its life is over.',
  }),
  refreshWait: duration('100ms', '1m').prefault('10s').meta({
    description: 'How long a request without a good access token waits for one; above it 503.',
  }),
  clockTolerance: duration('0s', '5m').prefault('90s').meta({ description: "How far the provider's clock may be off." }),
  idTokenAlgorithm: z
    .enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])
    .optional()
    .meta({
      description:
        'Signature that ID tokens must have. Left out: the first of RS256, PS256, ES256, EdDSA that the metadata lists.',
      examples: ['RS256'],
    }),
  assumeS256: flag().prefault(false).meta({
    description: 'An exception, logged at each start, for a provider that does S256 but does not say so in its metadata.',
  }),
  userinfo: flag().prefault(false).meta({ description: 'Whether claims come from the userinfo endpoint too.' }),
  logoutTokenType: z.enum(['any', 'required']).prefault('any').meta({
    description:
      'required: logout tokens must call themselves logout+jwt. any: they may also say JWT, or nothing, as many providers do.',
  }),
  frontchannelLogout: flag().prefault(false).meta({
    description: "Whether a frame of the provider's may end sessions too, where it knows no back-channel logout.",
  }),
  metadataRefresh: duration('1s', '1d').prefault('1h').meta({ description: 'How often changed metadata is looked for.' }),
})
