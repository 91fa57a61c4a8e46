import type { Secret } from './secret.ts'

/** Who is asked where the primary is. */
export interface SentinelConfig {
  readonly addresses: readonly [SentinelAddress, ...SentinelAddress[]]
  /** The primary, as the sentinels call it. */
  readonly name: string
  /** What the sentinels themselves ask for. */
  readonly password: Secret | undefined
}

export interface SentinelAddress {
  readonly host: string
  readonly port: number
}
