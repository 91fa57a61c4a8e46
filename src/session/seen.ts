/** A session's last recorded activity, and until when its records are kept: one small value, of no use to a thief. */
export interface Seen {
  readonly seenAt: number
  readonly keptUntil: number
}

/** Stands for an activity that ran out: whoever has it is idle. */
export const NEVER_SEEN: Seen = Object.freeze({ seenAt: -Infinity, keptUntil: 0 })

/** Of a session on its way out: it is not idle before that is over, and nobody's presence is written down. */
export const ALWAYS_SEEN: Seen = Object.freeze({ seenAt: Infinity, keptUntil: Infinity })

const SHAPE = /^(\d{1,16}):(\d{1,16})$/

export function writeSeen({ seenAt, keptUntil }: Seen): string {
  return `${Math.floor(seenAt)}:${Math.floor(keptUntil)}`
}

/** How long it is kept: for as long as nobody need be there, and never beyond the session's own end (epoch milliseconds). */
export function seenLifetime(at: number, idleTimeoutMilliseconds: number, absoluteExpiresAt: number): number {
  return Math.max(1, Math.ceil(Math.min(idleTimeoutMilliseconds, absoluteExpiresAt - at)))
}

/** Undefined where there is none, or where it is not of our making: then nobody was seen. */
export function parseSeen(text: string | undefined): Seen | undefined {
  const [, seenAt, keptUntil] = SHAPE.exec(text ?? '') ?? []
  return seenAt === undefined ? undefined : { seenAt: Number(seenAt), keptUntil: Number(keptUntil) }
}
