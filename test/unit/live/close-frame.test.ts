import { expect, test } from '@jest/globals'
import { closeFrame, maskedCloseFrame } from '../../../src/live/close-frame.ts'
import { closeOf, readFrames } from '../../support/web-socket-frames.ts'

test('A Close frame of a server says code and reason, unmasked.', () => {
  const { frames, rest } = readFrames(closeFrame(4401, 'signed_out'))
  expect(frames).toMatchObject([{ opcode: 8, isFinal: true, isMasked: false }])
  expect(frames.map(closeOf)).toEqual([{ code: 4401, reason: 'signed_out' }])
  expect(rest).toHaveLength(0)
})

test('A Close frame of a client says the same, masked by another key each time.', () => {
  const [one, other] = [maskedCloseFrame(1001, 'idle'), maskedCloseFrame(1001, 'idle')]
  const { frames } = readFrames(Buffer.concat([one, other]))
  expect(frames).toMatchObject([{ isMasked: true }, { isMasked: true }])
  expect(frames.map(closeOf)).toEqual(Array.from({ length: 2 }, () => ({ code: 1001, reason: 'idle' })))
  expect(one.equals(other)).toBe(false)
})
