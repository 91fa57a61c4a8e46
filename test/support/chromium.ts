import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { programPath } from './programs.ts'

export interface ChromiumOptions {
  /** Hosts that are to be found on 127.0.0.1; no other name is ever resolved. */
  readonly hosts: readonly string[]
  /** Fingerprint of the test's own certificate authority; certificates of others stay errors. */
  readonly trust: string
}

export interface Chromium {
  /** The browser with its cookies, as a new person has it. */
  readonly context: BrowserContext
  readonly close: () => Promise<void>
}

/** Runs Debian's Chromium with a profile of its own, which dies with it. */
export async function startChromium({ hosts, trust }: ChromiumOptions): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'coatcheck-chromium-'))
  const rules = [...hosts.map((host) => `MAP ${host} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1']
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: programPath('chromium'),
    headless: true,
    args: [
      `--host-resolver-rules=${rules.join(', ')}`,
      `--ignore-certificate-errors-spki-list=${trust}`,
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return { context, close }

  async function close(): Promise<void> {
    await context.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
