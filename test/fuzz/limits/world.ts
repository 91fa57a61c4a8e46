import { readUsage } from '../../../bench/usage.ts'
import { leastEnv, startProcess } from '../../support/gateway-process.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../support/scripted-provider.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'

/** A gateway in a process of its own, as `npm start` would run it, with provider and API in this one. */
export interface World {
  readonly port: number
  readonly origin: string
  readonly host: string
  readonly provider: ScriptedProvider
  readonly upstream: Upstream
  /** Bytes of resident memory of the gateway. */
  readonly memory: () => number
  readonly stop: () => Promise<void>
}

const MEGABYTE = 'x'.repeat(1_000_000)

/** `/open/` is carried for everybody. */
export async function startWorld(): Promise<World> {
  const upstream = await startUpstream({ '/megabyte': (_request, response) => void response.end(MEGABYTE) })
  const provider = await startScriptedProvider()
  const gateway = startProcess({
    ...(await leastEnv()),
    COATCHECK_ISSUER: provider.issuer,
    COATCHECK_CLIENT_SECRET: provider.clientSecret,
    COATCHECK_ROUTES: JSON.stringify([{ prefix: '/open/', upstream: `${upstream.origin}/`, token: 'none', proof: 'none' }]),
  })
  const { port, origin, privateUrl } = await gateway.listening()
  while ((await fetch(`${privateUrl}/readyz`)).status !== 200);
  return {
    port,
    origin,
    host: new URL(origin).host,
    provider,
    upstream,
    memory: () => readUsage(gateway.pid).residentBytes,
    async stop() {
      gateway.kill('SIGKILL')
      await gateway.ended
      await Promise.all([upstream.close(), provider.stop()])
    },
  }
}
