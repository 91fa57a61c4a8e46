/** The bounds of all WebSockets. */
export interface WebSocketsConfig {
  /** A tunnel in which no byte has passed for so long is closed. */
  readonly idleLimitMilliseconds: number
  /** From the connection to the upstream on, until it has answered the handshake. */
  readonly handshakeTimeoutMilliseconds: number
  /** Most that one process carries, handshakes included. */
  readonly mostOpen: number
  readonly mostOpenPerSession: number
}
