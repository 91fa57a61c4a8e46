import { randomBytes } from 'node:crypto'
import type { LiveEnding } from './live-connection.ts'

/** Close codes that we send ourselves. */
export const CLOSE_CODES = {
  /** The gateway or the connection goes, the session does not (RFC 6455 §7.4.1). */
  goingAway: 1001,
  /** Nobody can say at the moment whether the session lives (registered with IANA as "try again later"). */
  tryAgainLater: 1013,
  /** The session has ended; the reason says how. Of the range for applications (§7.4.2), after HTTP's 401. */
  sessionEnded: 4401,
} as const

/** What a client reads of why we end its connection. */
export const CODE_OF_ENDING = {
  session_ended: CLOSE_CODES.sessionEnded,
  going_away: CLOSE_CODES.goingAway,
  session_unknown: CLOSE_CODES.tryAgainLater,
} as const satisfies Record<LiveEnding['kind'], number>

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]

const FINAL_CLOSE = 0x88
const MASKED = 0x80
const MASK_OCTETS = 4

/** A Close frame with a code and a reason of at most 123 octets (RFC 6455 §5.5.1), as a server sends it. */
export function closeFrame(code: CloseCode, reason: string): Buffer {
  const payload = payloadOf(code, reason)
  return Buffer.concat([Buffer.of(FINAL_CLOSE, payload.length), payload])
}

/** The same as a client has to send it: masked (§5.3). */
export function maskedCloseFrame(code: CloseCode, reason: string): Buffer {
  const payload = payloadOf(code, reason)
  const mask = randomBytes(MASK_OCTETS)
  const masked = payload.map((octet, at) => octet ^ (mask[at % MASK_OCTETS] ?? 0))
  return Buffer.concat([Buffer.of(FINAL_CLOSE, MASKED | payload.length), mask, masked])
}

function payloadOf(code: CloseCode, reason: string): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}
