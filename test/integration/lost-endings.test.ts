import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { until } from '../support/until.ts'

let redis: RedisServer
let cluster: Cluster
beforeAll(async () => {
  redis = await startRedis()
  cluster = await startCluster({ store: redis.url })
})
afterAll(async () => {
  await cluster.stop()
  await redis.stop()
})

const INSTANCES = [0, 1, 2] as const
const count = async (kind: string) => [...(await redis.dump()).keys()].filter((key) => key.endsWith(`:${kind}`)).length

async function askEverywhere(cookie: string) {
  const answers = await Promise.all(INSTANCES.map((instance) => cluster.call(instance, cookie)))
  return answers.map(({ status, headers }) => [status, headers['coatcheck-reason']].join(' '))
}

test('A Redis that comes back without the last sign-outs signs nobody in again: they stand again, for their reasons, and everybody else stays.', async () => {
  const [ann, bob, eve] = [await cluster.signIn('alice'), await cluster.signIn('bob'), await cluster.signIn('eve')]
  // The second instance knows one of them, the third nobody.
  for (const cookie of [ann, bob]) expect((await cluster.call(1, cookie)).status).toBe(200)
  const [sessions, endings] = [await count('session'), await count('ended')]
  await redis.command('SAVE')
  expect((await cluster.call(0, ann, '/bff/logout', { method: 'POST' })).status).toBe(200)
  expect((await cluster.call(2, bob, '/bff/sessions?all=true', { method: 'DELETE' })).status).toBe(200)
  await until('both have ended', async () => (await count('session')) === sessions - 2)

  await redis.kill()
  await redis.start()
  const stand = async () => [await count('session'), await count('ended')].join(' ') === [sessions - 2, endings + 2].join(' ')
  await until('they have ended again', stand)
  expect(await askEverywhere(ann)).toEqual(['401 signed_out', '401 signed_out', '401 signed_out'])
  expect(await askEverywhere(bob)).toEqual(['401 signed_out', '401 signed_out', '401 signed_out'])
  expect(await askEverywhere(eve)).toEqual(['200 ', '200 ', '200 '])
})

test('An instance that heard of an ending puts it back alone, where the one that carried it out is gone.', async () => {
  const cookie = await cluster.signIn('alice')
  expect((await cluster.call(1, cookie)).status).toBe(200)
  const before = await count('session')
  await redis.command('SAVE')
  const third = await cluster.join()
  const at = cluster.instances.indexOf(third)
  expect((await cluster.call(at, cookie, '/bff/logout', { method: 'POST' })).status).toBe(200)
  await until('it is heard of', async () => (await cluster.call(1, cookie)).status === 401)
  third.process.kill('SIGKILL')
  await third.process.ended

  await redis.kill()
  await redis.start()
  await until('it has ended again', async () => (await count('session')) === before - 1)
  expect(await askEverywhere(cookie)).toEqual(['401 signed_out', '401 signed_out', '401 signed_out'])
})
