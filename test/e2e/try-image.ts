/*
 * Signs a person in through an image of the gateway; by hand, since not everybody who runs the tests can build one:
 *
 *   docker build -t coatcheck .
 *   node test/e2e/try-image.ts docker run --rm --network host --read-only --cap-drop ALL ENV coatcheck
 *
 * In place of ENV come the variables, each as `-e NAME=VALUE`. Provider and API run here, on loopback.
 */
import { randomBytes } from 'node:crypto'
import { createBrowser } from '../support/browser.ts'
import { findFreePort } from '../support/free-port.ts'
import { launchByCommand } from '../support/launched-gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startUpstream } from '../support/upstream.ts'

const port = await findFreePort()
const origin = `http://localhost:${port}`
const provider = await startProvider({ appOrigins: [origin] })
const api = await startUpstream()
const env = {
  COATCHECK_BASE_URL: origin,
  COATCHECK_ISSUER: provider.issuer,
  COATCHECK_CLIENT_ID: provider.clientId,
  COATCHECK_CLIENT_SECRET: provider.clientSecret,
  COATCHECK_SECRETS: randomBytes(32).toString('base64url'),
  COATCHECK_STORE: 'memory:',
  COATCHECK_ROUTES: `/api/=${api.origin}/`,
  COATCHECK_LISTEN: `127.0.0.1:${port}`,
  COATCHECK_DRAIN_DELAY: '0s',
}
const gateway = await launchByCommand(process.argv.slice(2))(env)

try {
  const browser = createBrowser()
  await browser.navigate(`${origin}/bff/login?returnTo=/api/hello`)
  const who = await browser.fetch(`${origin}/bff/session`)
  const call = await browser.fetch(`${origin}/api/hello`)
  process.stdout.write(
    `${who.status} ${who.text}\n${call.status} ${api.last().target} ${api.last().values('authorization').join()}\n`,
  )
  process.exitCode = call.status === 200 && api.last().values('authorization').length === 1 ? 0 : 1
} finally {
  await gateway.stop()
  process.stdout.write(gateway.logText())
  await provider.stop()
  await api.close()
}
