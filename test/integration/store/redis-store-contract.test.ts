import { Secret } from '../../../src/config/secret.ts'
import { createStore } from '../../../src/store/create-store.ts'
import { startRedis } from '../../support/redis-server.ts'
import { describeStore } from '../../support/store-contract.ts'

describeStore('the Redis store', async () => {
  const redis = await startRedis({ password: 'correct horse/@:' })
  const config = {
    kind: 'redis',
    url: new Secret(redis.url),
    passwordFile: undefined,
    sentinel: undefined,
    deadlineMilliseconds: 5_000,
    outageGraceMilliseconds: 10_000,
  } as const
  const steps = { report: () => {}, now: Date.now }
  const [store, other] = await Promise.all([createStore(config, steps), createStore(config, steps)])
  return {
    store,
    other,
    async close() {
      await Promise.all([store.close(), other.close()])
      await redis.stop()
    },
  }
})
