import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { FrameBoundaries } from '../../../src/live/frame-boundaries.ts'
import { closeFrameOf, frame, OPCODES } from '../../support/web-socket-frames.ts'

interface Written {
  readonly bytes: Buffer
  /** Offsets at which a frame ends. */
  readonly ends: readonly number[]
  readonly dataFrames: number
}

const anyFrame = fc
  .record({
    opcode: fc.constantFrom(OPCODES.continuation, OPCODES.text, OPCODES.binary, OPCODES.ping, OPCODES.pong),
    length: fc.oneof(fc.nat(125), fc.constantFrom(0, 1, 125, 126, 127, 128, 255, 256, 65_535, 65_536), fc.nat(2000)),
    isMasked: fc.boolean(),
    isFinal: fc.boolean(),
  })
  .map(({ opcode, length, isMasked, isFinal }) => {
    const isControl = opcode >= OPCODES.close
    const content = Buffer.alloc(isControl ? Math.min(length, 125) : length, 0x88)
    return { opcode, bytes: frame(content, { opcode, isMasked, isFinal: isControl || isFinal }) }
  })

const anyStream: fc.Arbitrary<Written> = fc.array(anyFrame, { minLength: 1, maxLength: 12 }).map((frames) => {
  const ends: number[] = []
  for (const { bytes } of frames) ends.push((ends.at(-1) ?? 0) + bytes.length)
  const dataFrames = frames.filter(({ opcode }) => opcode < OPCODES.close).length
  return { bytes: Buffer.concat(frames.map(({ bytes }) => bytes)), ends, dataFrames }
})

/** Cuts bytes into pieces of the given lengths, over and over. */
function cut(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
const anyCut = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 70_000 })), {
  minLength: 1,
  maxLength: 8,
})

describe('the boundaries of frames', () => {
  test('are the same however the bytes are cut into pieces', () => {
    fc.assert(
      fc.property(anyStream, anyCut, ({ bytes, ends, dataFrames }, lengths) => {
        const boundaries = new FrameBoundaries()
        let at = 0
        for (const piece of cut(bytes, lengths)) {
          boundaries.read(piece)
          at += piece.length
          expect(boundaries.isAtBoundary).toBe(ends.includes(at))
        }
        expect(boundaries).toMatchObject({ dataFrames, isClosing: false, isBroken: false, isAtBoundary: true })
      }),
    )
  })

  test('are found one by one, and the piece is read no further than there', () => {
    fc.assert(
      fc.property(anyStream, anyCut, ({ bytes, ends }, lengths) => {
        const boundaries = new FrameBoundaries()
        const found: number[] = []
        let at = 0
        for (const piece of cut(bytes, lengths)) {
          let rest = piece
          while (rest.length > 0) {
            const octets = boundaries.readOneFrame(rest)
            rest = rest.subarray(octets)
            at += octets
            if (boundaries.isAtBoundary) found.push(at)
          }
        }
        expect(found).toEqual(ends)
      }),
    )
  })

  test('are there before the first byte', () => expect(new FrameBoundaries().isAtBoundary).toBe(true))

  test('of a Close frame are noted, however it is cut', () => {
    fc.assert(
      fc.property(anyStream, anyCut, fc.boolean(), ({ bytes }, lengths, isMasked) => {
        const boundaries = new FrameBoundaries()
        for (const piece of cut(Buffer.concat([bytes, closeFrameOf(1000, 'bye', isMasked)]), lengths)) boundaries.read(piece)
        expect(boundaries).toMatchObject({ isClosing: true, isAtBoundary: true })
      }),
    )
  })

  test.each([
    ['a reserved opcode for data', [0x83, 0x00]],
    ['a reserved opcode for control', [0x8b, 0x00]],
    ['a fragment of a control frame', [0x09, 0x00]],
    ['a control frame that is too long', [0x89, 0x7e, 0x00, 0x7e]],
    ['a length that nobody lives to see', [0x82, 0x7f, 0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['a length with its first bit set', [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0]],
  ])('are never found again after %s', (_, octets) => {
    const boundaries = new FrameBoundaries()
    boundaries.read(Buffer.from([...octets, ...frame('well formed')]))
    expect(boundaries).toMatchObject({ isBroken: true, isAtBoundary: false })
    expect(boundaries.readOneFrame(frame('hello'))).toBe(frame('hello').length)
    expect(boundaries.isAtBoundary).toBe(false)
  })

  test('of anything at all are looked for without a fault, alike in one piece and octet by octet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        const whole = new FrameBoundaries()
        whole.read(octets)
        const single = new FrameBoundaries()
        for (const octet of octets) single.read(Uint8Array.of(octet))
        const { isAtBoundary, isBroken, isClosing, dataFrames } = whole
        expect(single).toMatchObject({ isAtBoundary, isBroken, isClosing, dataFrames })
      }),
    )
  })
})
