import { afterEach, describe, expect, test } from '@jest/globals'
import type { Dispatcher } from 'undici'
import { UpstreamAddress } from '../../../src/proxy/upstream-address.ts'
import { UpstreamBalance } from '../../../src/proxy/upstream-balance.ts'
import { routeTo } from '../../support/carrying-lane.ts'

const GET: Dispatcher.DispatchOptions = { path: '/', method: 'GET', body: null }
const POST: Dispatcher.DispatchOptions = { path: '/', method: 'POST', body: null }
const REFUSED = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
const CONNECT_TIMEOUT = 5000

const open: UpstreamAddress[] = []
afterEach(async () => {
  for (const address of open.splice(0)) await address.close()
})

function createWorld(count: number) {
  let time = 0
  const told: (readonly [name: string, fields: unknown])[] = []
  const steps = {
    now: () => time,
    report: (name: string, fields: unknown) => void told.push([name, fields]),
  }
  const addresses = Array.from({ length: count }, (_, index) => {
    const origin = `http://a${index}.test`
    const made = new UpstreamAddress({ name: origin, origin, socketPath: undefined }, routeTo(origin), steps)
    open.push(made)
    return made
  })
  const states = () => told.filter(([name]) => name === 'upstream_state').map(([, fields]) => fields)
  return { addresses, balance: new UpstreamBalance(addresses), pass: (by: number) => void (time += by), states, told }
}

function only(addresses: readonly UpstreamAddress[]): UpstreamAddress {
  const [address] = addresses
  if (address === undefined) throw new Error('no address')
  return address
}

describe('an address of an upstream', () => {
  test('is left alone for a second, then for twice as long each time, half a minute at most', () => {
    const { addresses, pass, states } = createWorld(1)
    const address = only(addresses)
    const pauses: number[] = []
    for (let count = 0; count < 8; count += 1) {
      address.failed(REFUSED)
      let pause = 0
      while (!address.takesTrial(true)) {
        pass(500)
        pause += 500
      }
      pauses.push(pause)
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(states()).toEqual([{ upstream: 'http://a0.test', state: 'unreachable', note: 'Error ECONNREFUSED' }])
    address.connected()
    address.connected()
    expect(states().slice(1)).toEqual([{ upstream: 'http://a0.test', state: 'reachable' }])
    address.failed(REFUSED)
    pass(1000)
    expect(address.takesTrial(true)).toBe(true)
  })

  test('takes what fails together for one failure', () => {
    const { addresses, pass, told } = createWorld(1)
    const address = only(addresses)
    for (let count = 0; count < 100; count += 1) address.failed(REFUSED)
    expect(told.filter(([name]) => name === 'upstream_connection_failed')).toHaveLength(100)
    pass(1000)
    expect(address.takesTrial(true)).toBe(true)
  })

  test('is tried by one request at a time', () => {
    const { addresses, pass } = createWorld(1)
    const address = only(addresses)
    address.failed(REFUSED)
    pass(1000)
    expect([address.takesTrial(true), address.takesTrial(true)]).toEqual([true, false])
    // Should it never say how it went.
    pass(CONNECT_TIMEOUT + 999)
    expect(address.takesTrial(true)).toBe(false)
    pass(1)
    expect(address.takesTrial(true)).toBe(true)
  })

  test('is tried twice as late by what cannot be repeated elsewhere', () => {
    const { addresses, pass } = createWorld(1)
    const address = only(addresses)
    address.failed(REFUSED)
    pass(1999)
    expect(address.takesTrial(false)).toBe(false)
    pass(1)
    expect(address.takesTrial(false)).toBe(true)
  })
})

describe('the choice of an address', () => {
  test('goes round among those that are equal', () => {
    const { addresses, balance } = createWorld(3)
    const picked = Array.from({ length: 6 }, () => addresses.indexOf(balance.pick(GET)))
    expect(picked.toSorted((one, other) => one - other)).toEqual([0, 0, 1, 1, 2, 2])
  })

  test('falls on the one with the fewest requests', () => {
    const { addresses, balance } = createWorld(3)
    addresses.forEach((address, index) => (address.inFlight = index === 1 ? 2 : 3))
    for (let count = 0; count < 6; count += 1) expect(addresses.indexOf(balance.pick(GET))).toBe(1)
  })

  test('avoids those that are out, and one that was tried just now', () => {
    const { addresses, balance } = createWorld(3)
    addresses[0]?.failed(REFUSED)
    for (let count = 0; count < 6; count += 1) expect(addresses.indexOf(balance.pick(GET, addresses[1]))).toBe(2)
  })

  test('falls on the one whose time comes first where all are out', () => {
    const { addresses, balance, pass } = createWorld(3)
    for (const index of [1, 0, 2]) {
      addresses[index]?.failed(REFUSED)
      pass(10)
    }
    for (let count = 0; count < 6; count += 1) expect(addresses.indexOf(balance.pick(POST))).toBe(1)
    expect(addresses.indexOf(balance.pick(POST, addresses[1]))).toBe(0)
  })

  test('lets one request try an address again, the others stay where it works', () => {
    const { addresses, balance, pass } = createWorld(2)
    addresses[0]?.failed(REFUSED)
    pass(1000)
    const picked = Array.from({ length: 5 }, () => addresses.indexOf(balance.pick(GET)))
    expect(picked.filter((index) => index === 0)).toHaveLength(1)
  })

  test('is none where there is one address, out or not', () => {
    const { addresses, balance } = createWorld(1)
    addresses[0]?.failed(REFUSED)
    expect(balance.pick(GET)).toBe(addresses[0])
    expect(balance.pick(GET, addresses[0])).toBe(addresses[0])
    expect(balance.hasOthers).toBe(false)
  })
})
