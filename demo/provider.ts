/*
 * The demo's sign-in service on its own, for containers:
 *
 *   DEMO_ISSUER           what browsers and Coatcheck call it, such as https://idp.example.com (required)
 *   DEMO_APP_URL          the app, such as https://app.example.com (required)
 *   DEMO_CLIENT_SECRET    the app's client secret (required)
 *   DEMO_API_SECRET       the API's own client secret; default: the app's
 *   DEMO_PROVIDER_LISTEN  where it listens, default 127.0.0.1:9400
 *   DEMO_ACCESS_TOKEN_SECONDS  how long an access token is good, default 300
 *
 * The app's client id is coatcheck-demo. It speaks http; behind an https issuer a proxy speaks https and sets X-Forwarded-Proto
 * and X-Forwarded-Host. `/.well-known/openid-configuration` answers as soon as it is ready. Nobody in it is real: never put it
 * where real people sign in.
 */
import { startProvider } from './provider/start-provider.ts'
import { readSettings } from './read-settings.ts'
import { runPart } from './run-part.ts'

const { env } = process

await runPart('The demo provider', env['DEMO_PROVIDER_LISTEN'] ?? '127.0.0.1:9400', (server) => {
  const needed = readSettings(env, ['DEMO_ISSUER', 'DEMO_APP_URL', 'DEMO_CLIENT_SECRET'])
  return startProvider(server, {
    issuer: needed.DEMO_ISSUER,
    appOrigin: new URL(needed.DEMO_APP_URL).origin,
    clientId: 'coatcheck-demo',
    clientSecret: needed.DEMO_CLIENT_SECRET,
    apiId: 'demo-api',
    apiSecret: env['DEMO_API_SECRET'] ?? needed.DEMO_CLIENT_SECRET,
    accessTokenSeconds: Number(env['DEMO_ACCESS_TOKEN_SECONDS'] ?? 300),
  })
})
