import { parse } from 'bowser'

/** What a session was begun with, as far as its browser tells; every member is a guess for people, and decides nothing. */
export interface Device {
  readonly browser: string | undefined
  readonly system: string | undefined
  /** Such as `desktop`, `mobile` or `tablet`. */
  readonly kind: string | undefined
}

const UNKNOWN: Device = Object.freeze({ browser: undefined, system: undefined, kind: undefined })

/** Reads a `User-Agent` (RFC 9110 §10.1.5); of what is not known nothing is said, and never the text itself. */
export function deviceOf(userAgent: string): Device {
  // The library refuses an empty text.
  if (userAgent === '') return UNKNOWN
  const { browser, os, platform } = parse(userAgent)
  return { browser: browser.name || undefined, system: os.name || undefined, kind: platform.type || undefined }
}
