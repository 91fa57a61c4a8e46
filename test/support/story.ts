import { type Browser, createBrowser, type Page } from './browser.ts'
import { findFreePort } from './free-port.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { type ProviderOptions, startProvider, type TestProvider } from './provider.ts'
import { type Script, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { startUpstream, type Upstream } from './upstream.ts'

/** Everything that a story of a person needs: a gateway with `/api/` carried, its provider, the API behind it, and browsers. */
export interface Story<AnyProvider> {
  readonly gateway: TestGateway
  readonly origin: string
  readonly provider: AnyProvider
  readonly upstream: Upstream
  /** A browser with the application's page open. */
  readonly openBrowser: () => Promise<Browser>
  /** Signs in through the provider, starting from the application's page; ends where the login ends. */
  readonly signIn: (browser: Browser, returnTo?: string) => Promise<Page>
  /** A browser that is signed in. */
  readonly signedIn: () => Promise<Browser>
  readonly stop: () => Promise<void>
}

type Variables = Readonly<Record<string, string | undefined>>

/** With a real, certified provider. */
export function tellStory(env: Variables = {}, options: ProviderOptions = {}): Promise<Story<TestProvider>> {
  return tell(env, (origin) => startProvider({ appOrigins: [origin], ...options }))
}

/** With a provider that does what `provider.script` says. */
export function tellScriptedStory(env: Variables = {}, script: Script = {}): Promise<Story<ScriptedProvider>> {
  return tell(env, () => startScriptedProvider({ script }))
}

interface AnyProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly stop: () => Promise<void>
}

async function tell<Provider extends AnyProvider>(
  env: Variables,
  start: (origin: string) => Promise<Provider>,
): Promise<Story<Provider>> {
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const provider = await start(origin)
  const upstream = await startUpstream()
  const stopOthers = () => Promise.all([provider.stop(), upstream.close()])
  const gateway = await startGateway({
    COATCHECK_BASE_URL: origin,
    COATCHECK_LISTEN: `127.0.0.1:${port}`,
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_ID: provider.clientId,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_ROUTES: `/api/=${upstream.origin}/`,
    ...env,
  }).catch(async (error: unknown) => {
    await stopOthers()
    throw error
  })
  await gateway.ready()

  const openBrowser = async () => {
    const browser = createBrowser()
    await browser.navigate(`${origin}/`)
    return browser
  }
  const signIn = (browser: Browser, returnTo = '/') =>
    browser.navigate(`${origin}/bff/login?returnTo=${encodeURIComponent(returnTo)}`, { from: `${origin}/` })

  return {
    gateway,
    origin,
    provider,
    upstream,
    openBrowser,
    signIn,
    async signedIn() {
      const browser = await openBrowser()
      await signIn(browser)
      return browser
    },
    async stop() {
      await gateway.stop()
      await stopOthers()
    },
  }
}
