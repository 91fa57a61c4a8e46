import type { Duplex } from 'node:stream'
import type { LiveOutcome } from '../report/events.ts'
import type { LiveSession } from '../session/records.ts'
import { type CloseCode, CLOSE_CODES, CODE_OF_ENDING, closeFrame, maskedCloseFrame } from './close-frame.ts'
import { FrameBoundaries } from './frame-boundaries.ts'
import type { LiveConnection, LiveEnding } from './live-connection.ts'

export interface TunnelParts {
  readonly client: Duplex
  readonly upstream: Duplex
  readonly session: LiveSession | undefined
  readonly idleLimitMilliseconds: number
  /** The client sent a message; pongs and the like are a browser's own and do not count. */
  readonly onMessage: () => void
  /** Both ends are closed; called once. */
  readonly onOver: (outcome: LiveOutcome) => void
  readonly now: () => number
}

/** Of a tunnel that we have told to close. */
const MOST_FAREWELL_MILLISECONDS = 1000
/** Of a tunnel whose one end has said its last: the other may have something on its way. */
const MOST_HALF_CLOSED_MILLISECONDS = 10_000

/**
 * The bytes of a WebSocket, both ways, as they are and no faster than they are taken.
 *
 * | State | Until |
 * | --- | --- |
 * | open | an end is done, or `end` |
 * | half closed | the other end is done too; ten seconds at most |
 * | last frame | after `end`: the frame that was on its way to the client is whole, so that ours can follow it |
 * | farewell | both ends are closed; a second after `end` at most, then they are cut |
 */
export class Tunnel implements LiveConnection {
  readonly kind = 'tunnel'
  readonly session: LiveSession | undefined
  readonly #parts: TunnelParts
  readonly #fromClient = new FrameBoundaries()
  readonly #fromUpstream = new FrameBoundaries()
  #lastByteAt: number
  #outcome: LiveOutcome | undefined
  /** What the client is told last. */
  #farewell: Buffer | undefined
  #patience: NodeJS.Timeout | undefined
  #openEnds = 2

  /** Both sockets have to be paused, allow half-open connections, and hold what has come after the handshake. */
  constructor(parts: TunnelParts) {
    this.#parts = parts
    this.session = parts.session
    this.#lastByteAt = parts.now()
    const { client, upstream } = parts
    client.on('data', (piece: Buffer) => this.#takeFromClient(piece)).on('drain', () => upstream.resume())
    upstream.on('data', (piece: Buffer) => this.#takeFromUpstream(piece)).on('drain', () => client.resume())
    client.on('end', () => this.#endOf('client_closed', upstream)).on('error', () => this.#cut('client_lost'))
    // Its close follows, and is what counts.
    upstream.on('end', () => this.#endOf('upstream_closed', client)).on('error', () => undefined)
    client.on('close', () => this.#closed('client_lost')).resume()
    upstream.on('close', () => this.#closed('upstream_lost')).resume()
  }

  end(ending: LiveEnding): void {
    const reason = ending.kind === 'session_ended' ? ending.reason : ending.kind.replace('_', ' ')
    this.#bidFarewell(ending.kind, CODE_OF_ENDING[ending.kind], reason)
  }

  look(at: number): void {
    if (at - this.#lastByteAt >= this.#parts.idleLimitMilliseconds) this.#bidFarewell('idle', CLOSE_CODES.goingAway, 'idle')
  }

  #takeFromClient(piece: Buffer): void {
    // What comes after our farewell is nobody's any more.
    if (this.#farewell !== undefined) return
    const { upstream, client, onMessage, now } = this.#parts
    const framesBefore = this.#fromClient.dataFrames
    this.#lastByteAt = now()
    this.#fromClient.read(piece)
    if (!upstream.write(piece)) client.pause()
    if (this.#fromClient.dataFrames > framesBefore) onMessage()
  }

  #takeFromUpstream(piece: Buffer): void {
    const { client, upstream, now } = this.#parts
    if (client.writableEnded) return
    if (this.#farewell === undefined) {
      this.#lastByteAt = now()
      this.#fromUpstream.read(piece)
      if (!client.write(piece)) upstream.pause()
    } else {
      const rest = piece.subarray(0, this.#fromUpstream.readOneFrame(piece))
      if (!client.write(rest)) upstream.pause()
      this.#endWith(this.#farewell)
    }
  }

  #bidFarewell(outcome: LiveOutcome, code: CloseCode, reason: string): void {
    if (this.#farewell !== undefined) return
    const { client, upstream } = this.#parts
    this.#outcome ??= outcome
    this.#farewell = closeFrame(code, reason)
    this.#waitFor(MOST_FAREWELL_MILLISECONDS)
    if (this.#fromClient.isAtBoundary && !this.#fromClient.isClosing && !upstream.writableEnded) {
      upstream.write(maskedCloseFrame(code, reason))
    }
    // Its answer to that is read, and so is the client's.
    client.resume()
    this.#endWith(this.#farewell)
  }

  /** Where a frame ends, ours may follow, unless theirs was the last (RFC 6455 §5.5.1). */
  #endWith(farewell: Buffer): void {
    const { client, upstream } = this.#parts
    if (this.#fromUpstream.isBroken) return this.#cut('upstream_lost')
    if (!this.#fromUpstream.isAtBoundary || client.writableEnded) return
    if (this.#fromUpstream.isClosing) client.end()
    else client.end(farewell)
    upstream.end()
    upstream.resume()
  }

  /** One end has said its last; the other is told. */
  #endOf(outcome: LiveOutcome, other: Duplex): void {
    this.#outcome ??= outcome
    other.end()
    if (this.#farewell === undefined) this.#waitFor(MOST_HALF_CLOSED_MILLISECONDS)
  }

  #waitFor(milliseconds: number): void {
    clearTimeout(this.#patience)
    this.#patience = setTimeout(() => this.#cut('client_lost'), milliseconds)
  }

  #cut(outcome: LiveOutcome): void {
    this.#outcome ??= outcome
    this.#parts.client.destroy()
    this.#parts.upstream.destroy()
  }

  #closed(outcome: LiveOutcome): void {
    const { client } = this.#parts
    // What a slow client is told last is still on its way: it has until our patience ends.
    if (outcome === 'upstream_lost' && client.writableEnded) client.resume()
    else this.#cut(outcome)
    this.#openEnds -= 1
    if (this.#openEnds > 0) return
    clearTimeout(this.#patience)
    this.#parts.onOver(this.#outcome ?? outcome)
  }
}
