/*
 * Attacks a gateway: `npm run attack -- [target] [what Jest takes]`. README.md beside this file lists the targets.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { attackSettings } from '../support/attack-settings.ts'
import { SCRIPTED_CLIENT } from '../support/scripted-provider.ts'
import { makePrivateKey } from '../support/signer.ts'
import { portsOfOthers, TARGETS } from '../support/attack-target.ts'

const [first = 'source', ...rest] = process.argv.slice(2)
const isUrl = /^https?:\/\//.test(first)
const target = isUrl ? 'url' : first
const [own, targetsAsText] = [TARGETS.some((known) => known === target), TARGETS.filter((known) => known !== 'url').join(', ')]

if (!own || (target === 'url' && !isUrl)) {
  process.stderr.write(`Attack what? One of ${targetsAsText}, or the address of a gateway that runs already; not ${first}.\n`)
  process.exitCode = 2
} else {
  if (isUrl) process.stdout.write(`${settingsFor(new URL(first).origin)}\n`)
  const forRunning = isUrl && { COATCHECK_ATTACK_URL: first, COATCHECK_ATTACK_KEY: JSON.stringify(await makePrivateKey('ES256')) }
  const env = { ...process.env, COATCHECK_ATTACK: target, ...forRunning }
  const runner = fileURLToPath(new URL('../run.ts', import.meta.url))
  // One provider and one API on fixed ports serve one file at a time.
  const files = rest.some((word) => word.startsWith('test/attacks')) ? [] : ['test/attacks']
  const words = [...files, ...(isUrl ? ['--runInBand'] : []), ...rest]
  const child = spawn(process.execPath, [runner, ...words], { stdio: 'inherit', env })
  child.on('exit', (code) => (process.exitCode = code ?? 1))
}

/** What a gateway that runs already has to be told, so that the attacks reach all of it. */
function settingsFor(origin: string): string {
  const { providerPort, upstreamPort } = portsOfOthers()
  const settings = attackSettings(origin, {
    issuer: `http://127.0.0.1:${providerPort}`,
    ...SCRIPTED_CLIENT,
    upstreamOrigin: `http://127.0.0.1:${upstreamPort}`,
  })
  const lines = Object.entries(settings).map(([name, value]) => `  ${name}='${value}'`)
  return ['The gateway is expected to run with these settings (its keys and its store may be others):', ...lines].join('\n')
}
