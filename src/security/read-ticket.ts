import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Ticket } from '../session/records.ts'
import { cookieValues } from './cookie-header.ts'
import { parseSessionSecret, sessionIdOf } from './session-secret.ts'

/** What a `Cookie` header says about our session. */
export type TicketReading =
  | { readonly kind: 'ticket'; readonly ticket: Ticket; readonly cookie: string }
  /** No cookie, or none whose shape and signature are right: whoever sent it never was signed in here. */
  | { readonly kind: 'none' }
  /** Two cookies of our name: one of them was planted, and there is no telling which. */
  | { readonly kind: 'duplicated' }

export type ReadTicket = (cookieHeader: string | undefined) => TicketReading

/** What express-session writes before the secret, as it stands in a header and before its encoding. */
const PREFIXES = ['s%3A', 's:']
/** `s:` as express-session writes it, the secret, a dot, the signature in percent-encoded base64: 43 characters, each at most 3. */
const MOST_CHARACTERS = 4 + 43 + 1 + 43 * 3
const NONE: TicketReading = Object.freeze({ kind: 'none' })
const DUPLICATED: TicketReading = Object.freeze({ kind: 'duplicated' })

/** A longer header is read anew each time, so that nobody fills the memory with variations of it. */
const MOST_REMEMBERED_CHARACTERS = 1_024

/**
 * Reads the session cookie, for both lanes: shape and length first, then the signature by any of `keys`.
 *
 * Readings that verified are remembered by the header's exact bytes, at most `mostRemembered` of them, so that an API call costs a look-up.
 */
export function createReadTicket(cookieName: string, keys: readonly string[], mostRemembered: number): ReadTicket {
  let remembered = new Map<string, TicketReading>()

  return function readTicket(cookieHeader) {
    if (cookieHeader === undefined) return NONE
    const known = remembered.get(cookieHeader)
    if (known) return known

    const reading = read(cookieHeader, cookieName, keys)
    if (reading.kind === 'ticket' && cookieHeader.length <= MOST_REMEMBERED_CHARACTERS) {
      if (remembered.size >= mostRemembered) remembered = new Map()
      remembered.set(cookieHeader, reading)
    }
    return reading
  }
}

function read(cookieHeader: string, cookieName: string, keys: readonly string[]): TicketReading {
  const [value, another] = cookieValues(cookieHeader, cookieName)
  if (value === undefined) return NONE
  if (another !== undefined) return DUPLICATED
  const ticket = verify(value, keys)
  return ticket ? Object.freeze({ kind: 'ticket', ticket, cookie: `${cookieName}=${value}` }) : NONE
}

function verify(value: string, keys: readonly string[]): Ticket | undefined {
  const prefix = PREFIXES.find((written) => value.startsWith(written))
  if (prefix === undefined || value.length > MOST_CHARACTERS) return undefined
  const dot = value.indexOf('.')
  const secret = parseSessionSecret(value.slice(prefix.length, dot))
  if (!secret) return undefined

  const signature = value
    .slice(dot + 1)
    .replaceAll(/%2B/gi, '+')
    .replaceAll(/%2F/gi, '/')
  if (!keys.some((key) => isSignature(signature, secret, key))) return undefined
  return Object.freeze({ secret, id: sessionIdOf(secret) })
}

/** The signature that express-session writes: base64 of HMAC-SHA256, without padding. */
function isSignature(signature: string, secret: string, key: string): boolean {
  const expected = Buffer.from(createHmac('sha256', key).update(secret).digest('base64').replace(/=+$/, ''))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
