import { createHash } from 'node:crypto'
import type { LiveSession } from '../session/records.ts'

/** What a page has been told of its session. */
export interface Told {
  /** A hash of the person. */
  readonly who: string
  /** A hash of the claims that are shown. */
  readonly claims: string
  /** The end that it was warned of last, epoch milliseconds; undefined where it was told that there is more time, or nothing. */
  readonly warnedOf: number | undefined
}

const HASH_CHARACTERS = 16
const EVENT_ID = /^([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{16})\.([0-9a-z]{0,9})$/

/** What a page knows that has just asked who is signed in: the person and the claims, and nothing of an end. */
export function toldOf({ record, grant }: LiveSession): Told {
  return { who: hash([record.issuer, record.subject]), claims: hash(grant.claims), warnedOf: undefined }
}

/**
 * What was told, as the id of an event: whoever comes back with it, to any instance, is told what changed since, and nothing has to be
 * kept for that. Holds nothing that the page does not know, and opens nothing.
 */
export function writeEventId({ who, claims, warnedOf }: Told): string {
  return `${who}.${claims}.${warnedOf === undefined ? '' : warnedOf.toString(36)}`
}

/** Undefined for what is no id of ours. */
export function parseEventId(text: string | undefined): Told | undefined {
  const [, who, claims, warnedOf = ''] = EVENT_ID.exec(text ?? '') ?? []
  if (who === undefined || claims === undefined) return undefined
  return { who, claims, warnedOf: warnedOf === '' ? undefined : Number.parseInt(warnedOf, 36) }
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, HASH_CHARACTERS)
}
