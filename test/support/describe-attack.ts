import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals'
import { ownTarget, type Target, targetsOfThisRun } from './attack-target.ts'
import { type Attacked, startAttacked } from './attacked.ts'
import { createSecretSearch } from './misplaced-secrets.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { createStops } from './stops.ts'

/**
 * Describes attacks that go against any gateway: against each target of this run, one world for all of them. Where the gateway is
 * ours, its store is a Redis, so that what is kept can be looked through.
 */
export function describeAttack(what: string, attacks: (world: () => Attacked) => void): void {
  describe.each(targetsOfThisRun())(`${what}, against %s`, (target) => {
    let redis: RedisServer | undefined
    let world: Attacked
    beforeAll(async () => {
      redis = target === 'url' ? undefined : await startRedis()
      world = await startAttacked(target, redis === undefined ? {} : { COATCHECK_STORE: redis.url })
    })
    searchForSecrets(
      () => [world].filter((each) => each !== undefined),
      async () => {
        await world?.stop()
        await redis?.stop()
      },
    )
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
    const stops = createStops()
    searchForSecrets(() => running, stops.stopAll)
    attacks(async (...given) => {
      const started = await startAttacked(target, ...given)
      running.push(started)
      stops.add(started.stop)
      return started
    })
  })
}

function expectNone(secretsWhereTheyDoNotBelong: readonly string[]): void {
  expect({ secretsWhereTheyDoNotBelong }).toEqual({ secretsWhereTheyDoNotBelong: [] })
}

/** After each attack, and once more when all is stopped: nothing that was said, kept or written down holds a secret. */
function searchForSecrets(worlds: () => readonly Attacked[], stop: () => Promise<void>): void {
  const search = createSecretSearch()
  afterEach(async () => expectNone(await search.misplaced(worlds())))
  afterAll(async () => {
    await stop()
    expectNone(await search.misplacedBefore(worlds()))
  })
}
