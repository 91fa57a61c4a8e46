import { expect, test } from '@jest/globals'
import { createRecentEndings } from '../../../src/session/recent-endings.ts'
import type { SessionId } from '../../../src/session/records.ts'

const id = (name: string) => name as SessionId

test('An ending is remembered by its first reason, for fifteen minutes.', () => {
  const clock = { at: 0 }
  const endings = createRecentEndings(() => clock.at)
  endings.remember(id('a'), 'signed_out')
  clock.at = 60_000
  endings.remember(id('a'), 'expired')
  endings.remember(id('b'), 'idle')
  clock.at = 15 * 60_000
  endings.prune()
  expect([endings.reasonOf(id('a')), endings.reasonOf(id('b'))]).toEqual([undefined, 'idle'])
})

test('However many sessions end, the oldest endings make room.', () => {
  const endings = createRecentEndings(() => 0)
  for (let count = 0; count < 50_001; count += 1) endings.remember(id(String(count)), 'signed_out')
  expect([endings.reasonOf(id('0')), endings.reasonOf(id('1')), endings.reasonOf(id('50000'))]).toEqual([
    undefined,
    'signed_out',
    'signed_out',
  ])
})
