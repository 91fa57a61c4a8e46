import { describe, expect, test } from '@jest/globals'
import { createPeers } from '../../../src/security/peers.ts'
import { fakeRequest } from '../../support/fake-request.ts'

function peersOf(trusted: readonly string[]) {
  const told: string[] = []
  return { ...createPeers(trusted, () => told.push('untrusted')), told }
}

describe('who is there', () => {
  test('is the peer itself where no proxy is trusted, whatever it says of others', () => {
    const { clientAddress, isTrusted } = peersOf([])
    const request = fakeRequest({ 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=6.6.6.6' }, { peer: '203.0.113.9' })
    expect(clientAddress(request)).toBe('203.0.113.9')
    expect(isTrusted(request)).toBe(false)
  })

  test.each([
    ['1.1.1.1, 6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.0.0.7', '203.0.113.9'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, unknown', '127.0.0.1'],
    ['6.6.6.6, _hidden', '127.0.0.1'],
    ['6.6.6.6, evil', '127.0.0.1'],
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
  ])('is the first address from the right that is no trusted proxy: %s', (forwarded, expected) => {
    const { clientAddress } = peersOf(['127.0.0.1/32', '10.0.0.0/8'])
    expect(clientAddress(fakeRequest({ 'X-Forwarded-For': forwarded }))).toBe(expected)
  })

  test.each(['::ffff:127.0.0.1', '127.0.0.1'])('is trusted by address or range, in either notation: %s', (peer) => {
    expect(peersOf(['127.0.0.0/8']).isTrusted(fakeRequest({}, { peer }))).toBe(true)
    expect(peersOf(['127.0.0.1']).isTrusted(fakeRequest({}, { peer }))).toBe(true)
    expect(peersOf(['10.0.0.0/8']).isTrusted(fakeRequest({}, { peer }))).toBe(false)
  })

  test('is limited by no address that somebody untrusted told us, and that is said', () => {
    const { accountableAddress, told } = peersOf(['10.0.0.0/8'])
    expect(accountableAddress(fakeRequest({}, { peer: '203.0.113.9' }))).toBe('203.0.113.9')
    expect(told).toHaveLength(0)
    expect(accountableAddress(fakeRequest({ 'X-Forwarded-For': '6.6.6.6' }, { peer: '203.0.113.9' }))).toBeUndefined()
    expect(told).toHaveLength(1)
    for (const header of ['X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded'])
      expect(accountableAddress(fakeRequest({ [header]: 'x' }, { peer: '203.0.113.9' }))).toBeUndefined()
    expect(accountableAddress(fakeRequest({ 'X-Forwarded-For': '203.0.113.9' }, { peer: '10.1.2.3' }))).toBe('203.0.113.9')
    expect(accountableAddress(fakeRequest({}, { peer: '10.1.2.3' }))).toBeUndefined()
  })
})
