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

  test('is limited by its own public address, whatever it says of others, and nothing is told of that', () => {
    const { accountableAddress, told } = peersOf(['10.0.0.0/8'])
    for (const headers of [{}, { 'X-Forwarded-For': '6.6.6.6' }, { 'X-Forwarded-Proto': 'https' }, { Forwarded: 'for=6.6.6.6' }])
      expect(accountableAddress(fakeRequest(headers, { peer: '203.0.113.9' }))).toBe('203.0.113.9')
    expect(told).toEqual([])
  })

  test('is limited by the address that a trusted proxy tells, and by none where it tells none', () => {
    const { accountableAddress } = peersOf(['10.0.0.0/8'])
    expect(accountableAddress(fakeRequest({ 'X-Forwarded-For': '203.0.113.9' }, { peer: '10.1.2.3' }))).toBe('203.0.113.9')
    expect(accountableAddress(fakeRequest({ 'X-Forwarded-For': '192.168.1.5' }, { peer: '10.1.2.3' }))).toBe('192.168.1.5')
    expect(accountableAddress(fakeRequest({}, { peer: '10.1.2.3' }))).toBeUndefined()
  })

  test.each(
    `127.0.0.1 ::ffff:127.0.0.1 10.1.2.3 172.31.0.1 192.168.1.1 169.254.1.1 100.64.0.1 0.0.0.0 ::1 :: fe80::1 fe80::1%eth0 fd00::1
    fc00::1`.split(/\s+/),
  )('is nobody to count from inside, where everybody may have the address of one proxy: %s', (peer) => {
    const { accountableAddress, told } = peersOf(['10.99.0.0/16'])
    expect(accountableAddress(fakeRequest({}, { peer }))).toBeUndefined()
    expect(told).toEqual([])
    for (const header of ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded'])
      expect(accountableAddress(fakeRequest({ [header]: 'x' }, { peer }))).toBeUndefined()
    expect(told).toHaveLength(4)
  })

  test('is nobody to count without an address', () => {
    expect(peersOf([]).accountableAddress(fakeRequest({}, { peer: '' }))).toBeUndefined()
  })

  test.each([
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
  ])('is counted by its network where it can choose among addresses: %s', (peer, expected) => {
    expect(peersOf([]).accountableAddress(fakeRequest({}, { peer }))).toBe(expected)
    const behind = fakeRequest({ 'X-Forwarded-For': peer }, { peer: '10.1.2.3' })
    expect(peersOf(['10.0.0.0/8']).accountableAddress(behind)).toBe(expected)
  })
})
