import { describe, expect, test } from '@jest/globals'
import { createProviderGate, type Pass } from '../../../src/tokens/provider-gate.ts'

function setUp() {
  const clock = { at: 1_000_000 }
  const told: (string | undefined)[][] = []
  const gate = createProviderGate({ now: () => clock.at, told: (...words) => void told.push(words) })

  async function enter(): Promise<Pass> {
    const pass = await gate.enter()
    if (pass === undefined) throw new Error('The provider rests.')
    return pass
  }

  /** Asks for so many passes and says which of them were let in by now. */
  function ask(times: number) {
    const entered: (Pass | undefined)[] = []
    for (let each = 0; each < times; each += 1) void gate.enter().then((pass) => entered.push(pass))
    return async () => {
      await new Promise(setImmediate)
      return entered
    }
  }

  async function fail(times: number, ...how: Parameters<Pass['failed']>): Promise<void> {
    for (let each = 0; each < times; each += 1) (await enter()).failed(...how)
  }

  return { clock, told, gate, enter, ask, fail }
}

describe('a provider that answers', () => {
  test('is asked 64 things at once, and the next when one is answered, in their order', async () => {
    const { ask } = setUp()
    const let64 = ask(64)
    const [first] = await let64()
    const later = ask(2)
    expect([(await let64()).length, (await later()).length]).toEqual([64, 0])
    first?.answered()
    expect((await later()).length).toBe(1)
  })

  test('has a free place again where a call was not made, or failed', async () => {
    const { ask } = setUp()
    const passes = ask(64)
    const [one, other] = await passes()
    const later = ask(3)
    one?.unused()
    expect((await later()).length).toBe(1)
    other?.failed('timeout')
    expect((await later()).length).toBe(2)
  })

  test('may fail four times, and any number of times with an answer between', async () => {
    const { fail, enter, gate, told } = setUp()
    for (const _ of [1, 2, 3]) {
      await fail(4, 'network')
      ;(await enter()).answered()
    }
    expect([gate.restMilliseconds(), told]).toEqual([0, []])
  })

  test('is not made to rest by a call that was not made', async () => {
    const { fail, enter, gate } = setUp()
    await fail(4, 'network')
    ;(await enter()).unused()
    expect(gate.restMilliseconds()).toBe(0)
    await fail(1, 'network')
    expect(gate.restMilliseconds()).toBe(1_000)
  })
})

describe('a provider that failed five times in a row', () => {
  test('is left in peace, which is told once', async () => {
    const { fail, gate, told } = setUp()
    await fail(5, 'timeout')
    expect(await gate.enter()).toBeUndefined()
    expect([gate.restMilliseconds(), told]).toEqual([1_000, [['resting', 'timeout']]])
  })

  test('is asked by one probe a second', async () => {
    const { fail, gate, clock, enter, told } = setUp()
    await fail(5, 'network')
    for (const _ of [1, 2, 3]) {
      clock.at += 999
      expect(await gate.enter()).toBeUndefined()
      clock.at += 1
      expect(gate.restMilliseconds()).toBe(0)
      const probe = await enter()
      expect([gate.restMilliseconds(), await gate.enter()]).toEqual([1_000, undefined])
      probe.failed('network')
    }
    expect(told).toEqual([['resting', 'network']])
  })

  test('is probed again after a second, though a probe hangs or was not made', async () => {
    const { fail, gate, clock, enter, told } = setUp()
    await fail(5, 'network')
    clock.at += 1_000
    const hanging = await enter()
    clock.at += 1_000
    ;(await enter()).unused()
    expect(await gate.enter()).toBeUndefined()
    clock.at += 1_000
    ;(await enter()).answered()
    expect(told.map(([state]) => state)).toEqual(['resting', 'answering'])
    hanging.failed('timeout')
    expect(gate.restMilliseconds()).toBe(0)
  })

  test('is asked again when it answers, though calls of before still hang, and these say nothing of it any more', async () => {
    const { ask, gate, clock, enter, told } = setUp()
    const passes = await ask(64)()
    for (const pass of passes.slice(0, 5)) pass?.failed('timeout')
    clock.at += 1_000
    ;(await enter()).answered()
    expect(await ask(3)()).toHaveLength(2)
    for (const pass of passes.slice(5)) pass?.failed('timeout')
    expect(gate.restMilliseconds()).toBe(0)
    expect(told.map(([state]) => state)).toEqual(['resting', 'answering'])
  })

  test('is probed a second after it was left in peace, though calls of before fail one by one', async () => {
    const { ask, gate, clock } = setUp()
    const passes = await ask(10)()
    for (const pass of passes.slice(0, 5)) pass?.failed('timeout')
    clock.at += 900
    for (const pass of passes.slice(5)) pass?.failed('timeout')
    expect(gate.restMilliseconds()).toBe(100)
  })

  test('meets two calls when it answers, then four, then eight, and 64 in the end', async () => {
    const { fail, clock, enter, ask, told } = setUp()
    await fail(5, 'network')
    clock.at += 1_000
    ;(await enter()).answered()
    expect(told).toEqual([
      ['resting', 'network'],
      ['answering', undefined],
    ])
    const waiting = ask(1_000)
    const met: number[] = []
    for (let answered = 0; met.length < 7;) {
      const entered = await waiting()
      met.push(entered.length - answered)
      for (const pass of entered.slice(answered)) {
        answered += 1
        pass?.answered()
      }
    }
    expect(met).toEqual([2, 4, 8, 16, 32, 64, 64])
  })

  test('lets those go who wait in line, at once', async () => {
    const { ask } = setUp()
    const passes = await ask(64)()
    const line = ask(10)
    expect(await line()).toEqual([])
    for (const pass of passes.slice(0, 5)) pass?.failed('server_error')
    const entered = await line()
    expect([entered.length, entered.filter((pass) => pass === undefined).length]).toEqual([10, 6])
  })

  test('that answers a call of before rests no longer', async () => {
    const { ask, gate, told } = setUp()
    const passes = await ask(6)()
    for (const pass of passes.slice(0, 5)) pass?.failed('timeout')
    passes[5]?.answered()
    expect(gate.restMilliseconds()).toBe(0)
    expect(told.map(([state]) => state)).toEqual(['resting', 'answering'])
  })
})

describe('a provider that says when to come back', () => {
  test('is left in peace at once, and for as long as it says', async () => {
    const { fail, gate, clock, told } = setUp()
    await fail(1, 'rate_limited', 20_000)
    expect(gate.restMilliseconds()).toBe(20_000)
    clock.at += 19_999
    expect(await gate.enter()).toBeUndefined()
    clock.at += 1
    expect(await gate.enter()).toBeDefined()
    expect(told).toEqual([['resting', 'rate_limited']])
  })

  test('is not asked sooner since a call of before failed in another way', async () => {
    const { ask, gate } = setUp()
    const [one, other, third] = await ask(3)()
    one?.failed('rate_limited', 20_000)
    other?.failed('network')
    third?.failed('rate_limited', 2_000)
    expect(gate.restMilliseconds()).toBe(20_000)
  })

  test('may say it anew when it is asked again', async () => {
    const { fail, gate, clock, enter, told } = setUp()
    await fail(1, 'rate_limited', 2_000)
    clock.at += 2_000
    ;(await enter()).failed('rate_limited', 7_000)
    expect(gate.restMilliseconds()).toBe(7_000)
    expect(told).toEqual([['resting', 'rate_limited']])
  })
})
