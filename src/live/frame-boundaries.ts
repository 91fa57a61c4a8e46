const CLOSE = 0x8
const LONGEST_CONTROL_PAYLOAD = 125
// Opcodes that nobody has given a meaning to (RFC 6455 §5.2).
const RESERVED = new Set([0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf])
const FIRST_OCTETS = 2

/**
 * Finds out where frames of a WebSocket end (RFC 6455 §5.2), one way of it, by their headers alone: nothing is kept, unmasked or changed.
 * However the octets are cut into pieces, the boundaries are the same.
 */
export class FrameBoundaries {
  /** Frames with data that have begun; those of control do not count. */
  dataFrames = 0
  /** A Close frame has begun: its sender sends nothing after it (§5.5.1). */
  isClosing = false
  /** Something was no frame: where the next one begins will never be known. */
  isBroken = false

  #headerOctets = FIRST_OCTETS
  #headerOctetsRead = 0
  #lengthOctets = 0
  #length = 0
  #opcode = 0
  #payloadOctets = 0

  /** Between two frames, so that one of ours could be put there. */
  get isAtBoundary(): boolean {
    return this.#headerOctetsRead === 0 && this.#payloadOctets === 0 && !this.isBroken
  }

  /** Reads all of a piece. */
  read(piece: Uint8Array): void {
    let at = 0
    while (at < piece.length && !this.isBroken) at = this.#step(piece, at)
  }

  /** Reads a piece up to the end of the first frame that ends in it; answers how many octets those are. */
  readOneFrame(piece: Uint8Array): number {
    let at = 0
    while (at < piece.length && !this.isBroken) {
      at = this.#step(piece, at)
      if (this.isAtBoundary) return at
    }
    return piece.length
  }

  /** One octet of a header, or as much of a payload as there is. */
  #step(piece: Uint8Array, at: number): number {
    if (this.#payloadOctets === 0) {
      this.#readHeader(piece[at] ?? 0)
      return at + 1
    }
    const octets = Math.min(this.#payloadOctets, piece.length - at)
    this.#payloadOctets -= octets
    return at + octets
  }

  #readHeader(octet: number): void {
    const index = this.#headerOctetsRead
    this.#headerOctetsRead += 1
    if (index === 0) this.#readOpcode(octet)
    else if (index === 1) this.#readShortLength(octet)
    // The mask, which follows, says nothing.
    else if (index < FIRST_OCTETS + this.#lengthOctets) this.#length = this.#length * 256 + octet
    if (this.#headerOctetsRead > 1 && this.#headerOctetsRead === this.#headerOctets) this.#endHeader()
  }

  #readOpcode(octet: number): void {
    this.#opcode = octet & 0x0f
    const isControl = this.#opcode >= CLOSE
    // A control frame is never fragmented (§5.5).
    if (RESERVED.has(this.#opcode) || (isControl && (octet & 0x80) === 0)) this.isBroken = true
    else if (this.#opcode === CLOSE) this.isClosing = true
    else if (!isControl) this.dataFrames += 1
  }

  #readShortLength(octet: number): void {
    const length = octet & 0x7f
    if (this.#opcode >= CLOSE && length > LONGEST_CONTROL_PAYLOAD) this.isBroken = true
    this.#lengthOctets = length === 127 ? 8 : length === 126 ? 2 : 0
    this.#length = this.#lengthOctets === 0 ? length : 0
    this.#headerOctets = FIRST_OCTETS + this.#lengthOctets + ((octet & 0x80) === 0 ? 0 : 4)
  }

  #endHeader(): void {
    this.#headerOctetsRead = 0
    // §5.2 allows 2^63; nobody lives to see the end of such a frame.
    if (this.#length > Number.MAX_SAFE_INTEGER) this.isBroken = true
    else this.#payloadOctets = this.#length
  }
}
