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

/** Starts a provider whose access and refresh tokens have 600 characters each, so that a session holds about two kilobytes. */
export async function startBenchProvider(): Promise<BenchProvider> {
  const [accessToken, refreshToken] = [randomToken(), randomToken()]
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
  provider.script.token = (honest) => {
    issued = {
      user: { sub: 'alice', ...user },
      accessToken,
      refreshToken,
      idToken: String(honest['id_token']),
      expiresAt: Date.now() + LIFETIME_SECONDS * 1000,
    }
    return { ...honest, access_token: accessToken, refresh_token: refreshToken, expires_in: LIFETIME_SECONDS }
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

/** Signs in at Coatcheck as a browser does, from the login to the callback, and answers the session cookie as it is sent. */
export async function signIn(origin: string): Promise<string> {
  const browser = createBrowser()
  const page = await browser.navigate(`${origin}/bff/login?returnTo=/`)
  const cookie = browser.cookie('coatcheck')
  if (cookie === undefined) throw new Error(`The sign-in ended at ${page.url} with ${page.status}: ${page.text.slice(0, 500)}`)
  return `${cookie.name}=${cookie.value}`
}

function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}
