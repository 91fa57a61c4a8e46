import type { StoreConfig } from '../config/config.ts'
import type { StoreLink } from './port.ts'

/** Whether what was read from the store may still be believed: while its changes are heard, and for the outage grace after that. */
export function isCertain(link: Pick<StoreLink, 'live' | 'certainAt'>, at: number, outageGraceMilliseconds: number): boolean {
  return link.live || at < link.certainAt + outageGraceMilliseconds
}

/** For how long what was read is believed while the store is away; one in this process is never away. */
export function outageGraceOf(config: StoreConfig): number {
  return config.kind === 'redis' ? config.outageGraceMilliseconds : 0
}
