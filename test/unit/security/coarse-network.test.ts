import { describe, expect, test } from '@jest/globals'
import { coarseNetwork } from '../../../src/security/coarse-network.ts'
import { countedAddress } from '../../../src/security/counted-address.ts'

describe('the network that a session is shown with', () => {
  test.each([
    ['198.51.100.23', '198.51.100.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['2001:DB8:a:b::', '2001:db8:a::/48'],
  ])('of %s is %s', (address, network) => {
    expect(coarseNetwork(countedAddress(address))).toBe(network)
  })

  test.each([undefined, '', 'unknown', 'a::b', '1.2.3'])('of %s is none', (address) => {
    expect(coarseNetwork(address)).toBeUndefined()
  })
})
