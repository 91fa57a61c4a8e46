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

const QUIETLY = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Runs Debian's Chromium with a profile of its own, which dies with it. */
export async function startChromium({ hosts, trust }: ChromiumOptions): Promise<Chromium> {
  const rules = [...hosts.map((host) => `MAP ${host} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1']
  const browser = await chromium.launch({
    executablePath: programPath('chromium'),
    headless: true,
    args: [`--host-resolver-rules=${rules.join(', ')}`, `--ignore-certificate-errors-spki-list=${trust}`, ...QUIETLY],
  })
  return { context: await newPerson(), newPerson, close: () => browser.close() }

  async function newPerson(): Promise<BrowserContext> {
    const person = await browser.newContext()
    // Before the test's own patience ends, which says less about what was waited for.
    person.setDefaultTimeout(PATIENCE_MILLISECONDS)
    return person
  }
}

/** Opens it with the profile in a folder, which outlives it; no name but localhost is resolved. Closing it ends the browser. */
export async function openProfile(folder: string): Promise<BrowserContext> {
  const person = await chromium.launchPersistentContext(folder, {
    executablePath: programPath('chromium'),
    headless: true,
    args: ['--host-resolver-rules=MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', ...QUIETLY],
  })
  person.setDefaultTimeout(PATIENCE_MILLISECONDS)
  return person
}
