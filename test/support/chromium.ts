import { type BrowserContext, chromium } from 'playwright-core'
import { programPath } from './programs.ts'

const PATIENCE_MILLISECONDS = 15_000

interface ChromiumOptions {
  /** Hosts that are to be found on 127.0.0.1; no other name is ever resolved. */
  readonly hosts: readonly string[]
  /** Fingerprint of the test's own certificate authority; certificates of others stay errors. */
  readonly trust: string
}

export interface Chromium {
  /** The first of them. */
  readonly context: BrowserContext
  /** A person who was never here: no cookie, no cache. */
  readonly newPerson: () => Promise<BrowserContext>
  readonly close: () => Promise<void>
}

/** Runs Debian's Chromium with a profile of its own, which dies with it. */
export async function startChromium({ hosts, trust }: ChromiumOptions): Promise<Chromium> {
  const rules = [...hosts.map((host) => `MAP ${host} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1']
  const browser = await chromium.launch({
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
  return { context: await newPerson(), newPerson, close: () => browser.close() }

  async function newPerson(): Promise<BrowserContext> {
    const person = await browser.newContext()
    // Before the test's own patience ends, which says less about what was waited for.
    person.setDefaultTimeout(PATIENCE_MILLISECONDS)
    return person
  }
}
