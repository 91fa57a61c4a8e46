import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'

interface Parts {
  /** What browsers see. */
  readonly appOrigin: string
  readonly port: number
  readonly issuer: string
  readonly apiUrl: string
  readonly clientId: string
  readonly clientSecret: string
}

type Environment = Record<string, string | undefined>

/** What the demo alone decides, in any of its spellings. */
const OURS = /^COATCHECK_(DEMO_|BASE_URL|PREFIX|LISTEN|CONFIG|ISSUER|CLIENT_|PROVIDER_(ISSUER|CLIENT_))/

/**
 * The gateway's environment: the seven variables of any deployment, and what suits a demo. What the person who started it has
 * set wins (`COATCHECK_STORE=redis://…`, `COATCHECK_LOG_LEVEL=info`, timeouts), except for how the parts find each other.
 */
export function gatewayEnvironment(env: Environment, parts: Parts): Environment {
  const theirs = Object.fromEntries(Object.entries(env).filter(([name]) => !OURS.test(name)))
  // Two spellings of one setting would contradict each other.
  const isUnset = (...names: readonly string[]) => names.every((name) => theirs[name] === undefined)
  return {
    ...(isUnset('COATCHECK_SECRETS', 'COATCHECK_SECRETS_FILE') && { COATCHECK_SECRETS: randomBytes(48).toString('base64url') }),
    ...(isUnset('COATCHECK_STORE', 'COATCHECK_STORE_FILE', 'COATCHECK_STORE_URL', 'COATCHECK_STORE_URL_FILE') && {
      COATCHECK_STORE: 'memory:',
    }),
    ...(isUnset('COATCHECK_SCOPES', 'COATCHECK_PROVIDER_SCOPES') && {
      COATCHECK_SCOPES: 'openid profile email offline_access',
    }),
    COATCHECK_PROVIDER_CLAIMS: 'sub name email picture role',
    COATCHECK_ROUTES: `/api/=${parts.apiUrl}/`,
    COATCHECK_STATIC: fileURLToPath(new URL('../page', import.meta.url)),
    COATCHECK_PRIVATE_LISTEN: '127.0.0.1:0',
    // Short enough for the page's warning to be seen, which comes at half of it.
    COATCHECK_SESSION_IDLE_TIMEOUT: '10m',
    // Its warnings (an embedded store, plain http) are for whoever deploys; here they are meant.
    COATCHECK_LOG_LEVEL: 'error',
    // Nobody balances this one: Ctrl-C need not wait for a balancer to notice.
    COATCHECK_DRAIN_DELAY: '0s',
    COATCHECK_DRAIN_DEADLINE: '1s',
    ...theirs,
    COATCHECK_BASE_URL: parts.appOrigin,
    COATCHECK_LISTEN: `127.0.0.1:${parts.port}`,
    COATCHECK_ISSUER: parts.issuer,
    COATCHECK_CLIENT_ID: parts.clientId,
    COATCHECK_CLIENT_SECRET: parts.clientSecret,
  }
}
