import { afterAll, beforeAll, describe } from '@jest/globals'
import { ownTarget, type Target, targetsOfThisRun } from './attack-target.ts'
import { type Attacked, startAttacked } from './attacked.ts'

/** Describes attacks that go against any gateway: against each target of this run, one world for all of them. */
export function describeAttack(what: string, attacks: (world: () => Attacked) => void): void {
  describe.each(targetsOfThisRun())(`${what}, against %s`, (target) => {
    let world: Attacked
    beforeAll(async () => {
      world = await startAttacked(target)
    })
    afterAll(async () => world?.stop())
    attacks(() => world)
  })
}

type Start = (...given: ParametersAfterTarget) => Promise<Attacked>
type ParametersAfterTarget = Parameters<typeof startAttacked> extends [Target, ...infer Rest] ? Rest : never

/**
 * Describes attacks that need a gateway with settings or a store of their own; what `start` has started is stopped at the end.
 * They are left out where this run can start none, such as against one that runs already.
 */
export function describeOwnGateways(what: string, attacks: (start: Start) => void): void {
  const target = ownTarget()
  if (target === undefined) return
  describe(`${what}, against gateways of their own (${target})`, () => {
    const running: Attacked[] = []
    afterAll(async () => {
      // The last one first: it may have what an earlier one started.
      for (const each of running.toReversed()) await each.stop()
    })
    attacks(async (...given) => {
      const started = await startAttacked(target, ...given)
      running.push(started)
      return started
    })
  })
}
