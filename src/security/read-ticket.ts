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

/**
 * Reads the session cookie, for both lanes: shape and length first, then the signature by any of `keys`.
 *
 * Readings that verified are remembered by the cookie's exact bytes, at most `mostRemembered` of them, so that an API call costs a look-up.
 */
export function createReadTicket(cookieName: string, keys: readonly string[], mostRemembered: number): ReadTicket {
  let remembered = new Map<string, TicketReading>()

  return function readTicket(cookieHeader) {
    const values = cookieValues(cookieHeader, cookieName)
    const value = values[0]
    if (value === undefined) return NONE
    if (values.length > 1) return DUPLICATED

    const known = remembered.get(value)
    if (known) return known

    const ticket = verify(value, keys)
    if (!ticket) return NONE
    if (remembered.size >= mostRemembered) remembered = new Map()
    const reading: TicketReading = Object.freeze({ kind: 'ticket', ticket, cookie: `${cookieName}=${value}` })
    remembered.set(value, reading)
    return reading
  }
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
