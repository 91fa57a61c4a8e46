import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { notStarted } from '../../src/commands/not-started.ts'
import { serve } from '../../src/commands/serve.ts'
import { startApi } from '../api/start-api.ts'
import { close, listen, type Listening } from '../listen.ts'
import { startProvider } from '../provider/start-provider.ts'
import { gatewayEnvironment } from './gateway-environment.ts'
import type { Part } from './wait-until-ready.ts'

interface Settings {
  readonly env: Record<string, string | undefined>
  /** The port of the app. */
  readonly port: number
  /** Where the gateway's log goes. */
  readonly output: Writable
  /** Told how to end each thing as soon as it is there, so that a start that fails half-way leaves nothing behind. */
  readonly onEnd: (end: () => Promise<void>) => void
}

/**
 * Starts provider, API and gateway, and says where each of them tells that it is ready.
 *
 * The app is `localhost`, the provider `127.0.0.1`: to a browser these are two sites, as an app and its provider are in earnest.
 */
export async function startParts({ env, port, output, onEnd }: Settings): Promise<readonly Part[]> {
  const appOrigin = `http://localhost:${port}`
  const providerServer = await listenNear(9400)
  onEnd(() => close(providerServer.server))
  const apiServer = await listenNear(9401)
  onEnd(() => close(apiServer.server))

  const issuer = `http://127.0.0.1:${providerServer.port}`
  const apiUrl = `http://127.0.0.1:${apiServer.port}`
  const client = { clientId: 'coatcheck-demo', clientSecret: newSecret() }
  const api = { apiId: 'demo-api', apiSecret: newSecret() }

  await startProvider(providerServer.server, { issuer, appOrigin, ...client, ...api, accessTokenSeconds: 300 })
  startApi(apiServer.server, { issuer, ...api })
  const gateway = await serve({ env: gatewayEnvironment(env, { appOrigin, port, issuer, apiUrl, ...client }), output })
  onEnd(() => gateway.drain())

  return [
    { name: 'The demo provider', url: `${issuer}/.well-known/openid-configuration` },
    { name: 'The demo API', url: apiUrl },
    { name: 'Coatcheck', url: `${gateway.privateUrl}/readyz`, advice: adviseOnStore },
    { name: 'The page', url: appOrigin },
  ]
}

function adviseOnStore(answer: string): string | undefined {
  if (!answer.includes('"store":"unavailable"')) return undefined
  return 'The store that COATCHECK_STORE names does not answer. Start it, or leave the variable out: then sessions live in this process.'
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The same port at each start if it is free, so that bookmarks and notes stay true; any other one if it is not. */
async function listenNear(port: number): Promise<Listening> {
  const wanted = await listen('127.0.0.1', port)
  const found = wanted.kind === 'listening' ? wanted : await listen('127.0.0.1', 0)
  if (found.kind === 'listening') return found
  throw notStarted(`The demo cannot listen on 127.0.0.1 (${found.code}).`)
}
