import type { JWK } from 'jose'
import { launchByCommand, launchFromSource, type LaunchGateway } from './launched-gateway.ts'

/**
 * What the attacks of `test/attacks` can go against: the gateway from source; the same behind the shipped nginx.conf, or behind the
 * file by which nginx carries; the compiled one, started by `COATCHECK_ATTACK_COMMAND`; one that runs already, at `COATCHECK_ATTACK_URL`.
 */
export const TARGETS = ['source', 'nginx', 'nginx-auth-request', 'image', 'url'] as const
export type Target = (typeof TARGETS)[number]

/** Those that need nothing but this repository: the whole suite goes against each of them. */
const OWN: readonly Target[] = ['source', 'nginx', 'nginx-auth-request']

const {
  COATCHECK_ATTACK: named,
  COATCHECK_ATTACK_COMMAND: command,
  COATCHECK_ATTACK_URL: url,
  COATCHECK_ATTACK_KEY: key,
} = process.env

/** The targets of this run, one after the other. */
export function targetsOfThisRun(): readonly Target[] {
  if (named === undefined || named === '') return OWN
  const target = TARGETS.find((known) => known === named)
  if (target === undefined) throw new Error(`COATCHECK_ATTACK is one of ${TARGETS.join(', ')}, not ${named}.`)
  return [target]
}

/** The one target whose gateway can be started with any settings, beside others; undefined where the run has none. */
export function ownTarget(): Target | undefined {
  return targetsOfThisRun().find((target) => target === 'source' || target === 'image')
}

/** How the gateway of a target is started. */
export function launcherOf(target: Target): LaunchGateway {
  if (target !== 'image') return launchFromSource
  if (command === undefined) throw new Error('COATCHECK_ATTACK_COMMAND says how the compiled gateway is started.')
  return launchByCommand(command.split(/\s+/))
}

/** Where a gateway runs that nobody here started. */
export function originOfRunning(): string {
  if (url === undefined) throw new Error('COATCHECK_ATTACK_URL says where the gateway is.')
  return new URL(url).origin
}

/** What its provider signs with, in every file of a run: after the first attacks it asks for no other keys for a while. */
export function keyOfProvider(): { readonly key?: JWK } {
  return key === undefined ? {} : { key: JSON.parse(key) }
}

/** 9401 and 9402 unless variables say otherwise. */
export function portsOfOthers(): { readonly providerPort: number; readonly upstreamPort: number } {
  const { COATCHECK_ATTACK_PROVIDER_PORT: provider = '9401', COATCHECK_ATTACK_UPSTREAM_PORT: upstream = '9402' } = process.env
  return { providerPort: Number(provider), upstreamPort: Number(upstream) }
}
