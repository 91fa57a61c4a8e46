/*
 * Signs a person in through an image of the gateway; by hand, since not everybody who runs the tests can build one:
 *
 *   docker build -t coatcheck .
 *   node test/e2e/try-image.ts docker run --rm --network host --read-only --cap-drop ALL ENV coatcheck
 *
 * In place of ENV come the variables, each as `-e NAME=VALUE`. Provider and API run here, on loopback.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { createBrowser } from '../support/browser.ts'
import { findFreePorts } from '../support/free-port.ts'
import { startProvider } from '../support/provider.ts'
import { until } from '../support/until.ts'
import { startUpstream } from '../support/upstream.ts'

const [port = 0, privatePort = 0] = await findFreePorts(2)
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
  COATCHECK_PRIVATE_LISTEN: `127.0.0.1:${privatePort}`,
  COATCHECK_DRAIN_DELAY: '0s',
}
const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
const [command = '', ...words] = process.argv.slice(2).flatMap((word) => (word === 'ENV' ? variables : [word]))
const container = spawn(command, words, { stdio: ['ignore', 'inherit', 'inherit'], detached: true })
const ended = once(container, 'exit')

try {
  await until('the gateway in the image is ready', async () => {
    if (container.exitCode !== null) throw new Error(`It ended with ${container.exitCode}.`)
    return fetch(`http://127.0.0.1:${privatePort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  const browser = createBrowser()
  await browser.navigate(`${origin}/bff/login?returnTo=/api/hello`)
  const who = await browser.fetch(`${origin}/bff/session`)
  const call = await browser.fetch(`${origin}/api/hello`)
  process.stdout.write(
    `${who.status} ${who.text}\n${call.status} ${api.last().target} ${api.last().values('authorization').join()}\n`,
  )
  process.exitCode = call.status === 200 && api.last().values('authorization').length === 1 ? 0 : 1
} finally {
  // The whole group, since not every command that runs an image hands signals on.
  if (container.pid !== undefined && container.exitCode === null) process.kill(-container.pid, 'SIGTERM')
  const [code] = await ended
  process.stdout.write(`ended with ${code}\n`)
  await provider.stop()
  await api.close()
}
