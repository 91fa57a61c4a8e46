import { deviceOf, type Device } from './device-of.ts'
import type { ListedSession } from './listed-sessions.ts'
import type { SessionId } from './records.ts'
import type { AboutRecord } from './seal-records.ts'

/** A session as people are shown it, who cannot do more with it than end it. */
export interface ShownSession {
  readonly handle: string
  readonly device: Device
  readonly network: string | undefined
  /** Times are ISO 8601. */
  readonly createdAt: string
  readonly lastSeenAt: string
}

/** An open session, and what is known about it. */
export interface OpenListed {
  readonly id: SessionId
  readonly about: AboutRecord
  readonly seenAt: number
}

/** Those that are open and can be opened here, the newest first. */
export function openOnes(listed: readonly ListedSession[]): readonly OpenListed[] {
  return listed
    .flatMap(({ id, about, seenAt, isOpen }) => (isOpen && about && seenAt !== undefined ? [{ id, about, seenAt }] : []))
    .toSorted((one, other) => other.about.createdAt - one.about.createdAt)
}

export function showListed({ about, seenAt }: OpenListed): ShownSession {
  return {
    handle: about.handle,
    device: deviceOf(about.userAgent),
    network: about.network,
    createdAt: new Date(about.createdAt).toISOString(),
    lastSeenAt: new Date(seenAt).toISOString(),
  }
}
