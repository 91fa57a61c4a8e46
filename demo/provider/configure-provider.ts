import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Context, Grant } from './oidc-provider.ts'
import { renderError, renderLeaving, renderSignedOut } from './render.ts'
import { findPerson, type Person } from './people.ts'

export interface ProviderSettings {
  readonly issuer: string
  /** Origin of the app, `http://localhost:8080`; the only place that people are sent to. */
  readonly appOrigin: string
  readonly clientId: string
  readonly clientSecret: string
  /** The API's own credentials: with them it asks what a token is worth (RFC 7662). */
  readonly apiId: string
  readonly apiSecret: string
  readonly accessTokenSeconds: number
}

const SECONDS = { minute: 60, hour: 60 * 60, evening: 12 * 60 * 60 }

/**
 * What the demo's provider is: the code flow with PKCE S256 for everybody, refresh tokens that rotate with each use, revocation,
 * introspection, logout started by the app and logout told to the app. Keys live as long as the process.
 */
export async function configureProvider(settings: ProviderSettings): Promise<object> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    clients: [app(settings), api(settings)],
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomBytes(8).toString('base64url') }],
    },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    claims: { openid: ['sub'], profile: ['name', 'picture', 'role'], email: ['email', 'email_verified'] },
    // The claims in the ID token itself, so that one call answers who somebody is.
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => accountOf(findPerson(id), settings.issuer),
    extraTokenClaims: (_context: unknown, token: { readonly accountId?: string }) => {
      const person = findPerson(token.accountId)
      return person === undefined ? undefined : { name: person.name, role: person.role }
    },
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    loadExistingGrant,
    interactions: { url: (_context: unknown, interaction: { readonly uid: string }) => `/sign-in/${interaction.uid}` },
    renderError,
    clientBasedCORS: () => false,
    // Its own guard refuses loopback addresses by a dispatcher; here the app that is told of a logout lives there.
    fetch: (url: string, { dispatcher: _guard, ...options }: RequestInit & { dispatcher?: unknown }) => fetch(url, options),
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      rpInitiatedLogout: { enabled: true, logoutSource: renderLeaving, postLogoutSuccessSource: renderSignedOut },
      backchannelLogout: { enabled: true },
    },
    ttl: {
      AccessToken: settings.accessTokenSeconds,
      AuthorizationCode: SECONDS.minute,
      IdToken: SECONDS.hour,
      Interaction: SECONDS.hour,
      RefreshToken: SECONDS.evening,
      Session: SECONDS.evening,
      Grant: SECONDS.evening,
    },
  }
}

function app({ appOrigin, clientId, clientSecret }: ProviderSettings) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    client_name: 'the Coatcheck demo',
    redirect_uris: [`${appOrigin}/bff/callback`],
    post_logout_redirect_uris: [`${appOrigin}/bff/logout/callback`],
    backchannel_logout_uri: `${appOrigin}/bff/backchannel-logout`,
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
}

function api({ apiId, apiSecret }: ProviderSettings) {
  return { client_id: apiId, client_secret: apiSecret, redirect_uris: [], grant_types: [], response_types: [] }
}

function accountOf(person: Person | undefined, issuer: string) {
  if (person === undefined) return undefined
  const { id, name, email, role } = person
  return {
    accountId: id,
    claims: () => ({ sub: id, name, email, email_verified: true, role, picture: `${issuer}/people/${id}.svg` }),
  }
}

/** Consent is given with the click on a person: what was asked for is granted, for the one app that is registered here. */
async function loadExistingGrant({ oidc }: Context): Promise<Grant | undefined> {
  if (oidc.client === undefined) return undefined
  const { clientId } = oidc.client
  const id = oidc.session.grantIdFor(clientId)
  const known = id === undefined ? undefined : await oidc.provider.Grant.find(id)
  if (known !== undefined) return known
  const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId })
  grant.addOIDCScope(oidc.params?.scope ?? 'openid')
  await grant.save()
  return grant
}

function isOwnToken(_context: unknown, client: { readonly clientId: string }, token: { readonly clientId: string }): boolean {
  return token.clientId === client.clientId
}
