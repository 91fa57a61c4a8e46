/** Our own event streams. */
export interface EventsConfig {
  /** A stream says at least so often that it is there. */
  readonly heartbeatMilliseconds: number
  /** How long before its end a page is told that the session runs out, half of its idle time at most; 0 for never. */
  readonly expiringAheadMilliseconds: number
  readonly mostPerSession: number
}
