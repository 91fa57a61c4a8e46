/*
 * The demo API on its own, for containers:
 *
 *   DEMO_PROVIDER_URL   where it asks the provider about tokens, as seen from here; default: DEMO_ISSUER
 *   DEMO_API_SECRET     its own client secret there; default: DEMO_CLIENT_SECRET
 *   DEMO_API_LISTEN     where it listens, default 127.0.0.1:9401
 *
 * `GET /` answers without a token as soon as it is ready.
 */
import { startApi } from './api/start-api.ts'
import { readSettings } from './read-settings.ts'
import { runPart } from './run-part.ts'

const { env } = process

await runPart('The demo API', env['DEMO_API_LISTEN'] ?? '127.0.0.1:9401', (server) => {
  const given = {
    DEMO_PROVIDER_URL: env['DEMO_PROVIDER_URL'] ?? env['DEMO_ISSUER'],
    DEMO_API_SECRET: env['DEMO_API_SECRET'] ?? env['DEMO_CLIENT_SECRET'],
  }
  const needed = readSettings(given, ['DEMO_PROVIDER_URL', 'DEMO_API_SECRET'])
  startApi(server, { issuer: needed.DEMO_PROVIDER_URL, apiId: 'demo-api', apiSecret: needed.DEMO_API_SECRET })
})
