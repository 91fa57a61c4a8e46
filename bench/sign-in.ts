import { randomBytes } from 'node:crypto'
import { createBrowser } from '../test/support/browser.ts'
import { startScriptedProvider } from '../test/support/scripted-provider.ts'

/** What one login issued. */
export interface Issued {
  readonly user: Readonly<Record<string, unknown>>
  readonly accessToken: string
  readonly refreshToken: string
  readonly idToken: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** A provider on loopback that issues tokens of a usual size. */
export interface BenchProvider {
  /** The variables by which Coatcheck finds it. */
  readonly env: Readonly<Record<string, string>>
  readonly accessToken: string
  /** What the last login was issued; throws before the first. */
  readonly lastIssued: () => Issued
  readonly stop: () => Promise<void>
}

const TOKEN_BYTES = 450
const LIFETIME_SECONDS = 3600

/** How long, in seconds, an access token lives that comes for this grant type. */
export type LifetimeOf = (grantType: string | null) => number

/**
 * Starts a provider whose access and refresh tokens have 600 characters each, so that a session holds about two kilobytes.
 *
 * @param lifetimeOf For measurements in which tokens are refreshed: refresh tokens are then the provider's own short ones, which it takes.
 */
export async function startBenchProvider(lifetimeOf?: LifetimeOf): Promise<BenchProvider> {
  const [accessToken, longRefreshToken] = [randomToken(), randomToken()]
  const provider = await startScriptedProvider()
  const user = {
    name: 'Alice Example',
    preferred_username: 'alice',
    email: 'alice@example.com',
    email_verified: true,
    roles: ['member'],
  }
  let issued: Issued | undefined
  provider.script.claims = (honest) => ({ ...honest, ...user, at_hash: provider.signer.halfHash(accessToken) })
  provider.script.token = (honest, { form }) => {
    const lifetimeSeconds = lifetimeOf?.(form.get('grant_type')) ?? LIFETIME_SECONDS
    const refreshToken = lifetimeOf === undefined ? longRefreshToken : String(honest['refresh_token'])
    issued = {
      user: { sub: 'alice', ...user },
      accessToken,
      refreshToken,
      idToken: String(honest['id_token']),
      expiresAt: Date.now() + lifetimeSeconds * 1000,
    }
    return { ...honest, access_token: accessToken, refresh_token: refreshToken, expires_in: lifetimeSeconds }
  }

  return {
    env: {
      COATCHECK_ISSUER: provider.issuer,
      COATCHECK_CLIENT_ID: provider.clientId,
      COATCHECK_CLIENT_SECRET: randomToken(),
    },
    accessToken,
    lastIssued() {
      if (issued === undefined) throw new Error('Nobody has signed in yet.')
      return issued
    },
    stop: provider.stop,
  }
}

/** Where a sign-in begins, and the cookie that it ends with; Coatcheck's where it is left out. */
interface Door {
  readonly path: string
  readonly cookieName: string
}

const COATCHECK: Door = { path: '/bff/login?returnTo=/', cookieName: 'coatcheck' }

/** Signs in as a browser does, from the login to the callback, and answers the session cookie as it is sent. */
export async function signIn(origin: string, { path, cookieName }: Door = COATCHECK): Promise<string> {
  const browser = createBrowser()
  const page = await browser.navigate(`${origin}${path}`)
  const cookie = browser.cookie(cookieName)
  if (cookie === undefined) throw new Error(`The sign-in ended at ${page.url} with ${page.status}: ${page.text.slice(0, 500)}`)
  return `${cookie.name}=${cookie.value}`
}

function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}
