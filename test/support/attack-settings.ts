import { plantCanaries } from './canaries.ts'

/** Of everybody who signs in at the provider; the gateway is told it, and has no use for it. */
export const ATTACK_EMAIL = `${plantCanaries(['email']).get('email') ?? ''}@example.com`

/** Who the gateway under attack has to do with. */
interface Others {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly upstreamOrigin: string
}

/**
 * The settings that a gateway under attack needs, wherever it runs: a private route, one for everybody below it, and one for what
 * sets no headers; limits so high that an attack is not stopped by them before it has begun; and a log that says as much as it can.
 */
export function attackSettings(origin: string, { issuer, clientId, clientSecret, upstreamOrigin }: Others) {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
  return {
    COATCHECK_BASE_URL: origin,
    COATCHECK_ISSUER: issuer,
    COATCHECK_CLIENT_ID: clientId,
    COATCHECK_CLIENT_SECRET: clientSecret,
    COATCHECK_SECRETS: plantCanaries(['server-key']).get('server-key') ?? '',
    COATCHECK_STORE: 'memory:',
    COATCHECK_ROUTES: JSON.stringify([
      { prefix: '/api/', upstream: `${upstreamOrigin}/`, methods },
      { prefix: '/api/public/', upstream: `${upstreamOrigin}/public/`, methods, token: 'none', proof: 'none' },
      { prefix: '/api/live/', upstream: `${upstreamOrigin}/live/`, proof: 'same-origin', webSocket: true },
    ]),
    COATCHECK_PROVIDER_CLAIMS: 'sub,name,roles',
    COATCHECK_LOG_LEVEL: 'trace',
    COATCHECK_LOG_CARRIED: 'all',
    COATCHECK_LOGIN_MOST_PER_MINUTE_PER_ADDRESS: '100000',
    COATCHECK_LOGIN_MOST_PER_MINUTE_PER_BROWSER: '100000',
  }
}
