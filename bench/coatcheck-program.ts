import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { findFreePort } from '../test/support/free-port.ts'
import { fromRoot } from './from-root.ts'
import type { BenchProvider } from './sign-in.ts'

/** How to start Coatcheck, and where it will be. */
export interface CoatcheckProgram {
  readonly command: string
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly port: number
  /** The base URL. */
  readonly origin: string
  /** Answers 200 once it is ready. */
  readonly readyUrl: string
  /** Its server key. */
  readonly secret: string
  /** Where its metrics are. */
  readonly metricsUrl: string
}

interface Choice {
  /** `src/main.ts` or `dist/main.js`. */
  readonly script: string
  readonly provider: Pick<BenchProvider, 'env'>
  readonly store: string
  readonly routes?: string
  readonly nodeFlags?: readonly string[]
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Coatcheck as `npm start` would run it in production, without npm, on free ports; everything else is its default. */
export async function coatcheckProgram({
  script,
  provider,
  store,
  routes = '',
  nodeFlags = [],
  settings = {},
}: Choice): Promise<CoatcheckProgram> {
  const [port, privatePort] = [await findFreePort(), await findFreePort()]
  const origin = `http://localhost:${port}`
  const secret = randomBytes(32).toString('base64url')
  return {
    command: process.execPath,
    words: [...startFlags(), ...nodeFlags, fromRoot(script), 'serve'],
    env: {
      NODE_ENV: 'production',
      ...provider.env,
      COATCHECK_BASE_URL: origin,
      COATCHECK_LISTEN: `127.0.0.1:${port}`,
      COATCHECK_PRIVATE_LISTEN: `127.0.0.1:${privatePort}`,
      COATCHECK_SECRETS: secret,
      COATCHECK_STORE: store,
      ...(routes === '' ? {} : { COATCHECK_ROUTES: routes }),
      COATCHECK_DRAIN_DELAY: '0s',
      ...settings,
    },
    port,
    origin,
    secret,
    readyUrl: `http://127.0.0.1:${privatePort}/readyz`,
    metricsUrl: `http://127.0.0.1:${privatePort}/metrics`,
  }
}

/** The flags of Node with which `npm start` runs it. */
function startFlags(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string }
  }
  return scripts.start.split(' ').filter((word) => word.startsWith('--'))
}
