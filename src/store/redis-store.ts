import type { RedisStoreConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { requireLifetime } from './lifetime.ts'
import { createListeners } from './listeners.ts'
import type { Store } from './port.ts'
import { createCall } from './redis-call.ts'
import { createChanges } from './redis-changes.ts'
import { createOpenServer } from './open-server.ts'
import { createRedisConnection } from './redis-connection.ts'
import { createRedisRetire } from './redis-retire.ts'
import { readNumber, readSwap, readText, readTexts } from './redis-replies.ts'
import { sendAgain } from './send-again.ts'
import { ADD_MEMBER, COUNT, KEEP, LEASE, RELEASE, REMOVE_LEAVING, runScript, SWAP, WRITE_ALL } from './redis-scripts.ts'
import { createReplicas } from './redis-replicas.ts'
import { createServerWarnings } from './redis-warnings.ts'
import { createStoreState } from './store-state.ts'

/**
 * Records in Redis (6.2 or newer), over one connection with client tracking. Resolves once connected, and without a
 * connection after one deadline at most; it connects in the background for as long as it takes.
 *
 * A call that rejects means "not known": what it asked for may have happened, or happen a moment later. So a value whose
 * `take` was not answered is gone for everyone and never handed out twice; and after a conditional write or a `swap` that was
 * not answered, the caller reads the record to learn how it went. Nothing that writes is sent twice.
 */
export async function createRedisStore(
  config: RedisStoreConfig,
  { report, now }: { readonly report: Report; readonly now: () => number },
): Promise<Store> {
  const { add, tell } = createListeners()
  const state = createStoreState(report, now)
  const replicas = createReplicas(report, now)
  const warnOfServer = createServerWarnings(report)
  const connection = createRedisConnection({
    openServer: createOpenServer(config),
    now,
    onChange: tell,
    onConnected(client) {
      state.connected()
      replicas.connected(client)
      // A connection that breaks meanwhile is told by its own event, and the next one asks again.
      warnOfServer(client).catch(() => undefined)
    },
    onHeartbeat: state.settle,
    onLost: state.lost,
  })
  const call = createCall(connection, config.deadlineMilliseconds, state)

  const { change, changeLastingly } = createChanges({ call, tell, replicas })

  await Promise.race([connection.attempted, call('connect', (send) => send(['PING'])).catch(() => undefined)])

  return {
    async read(keys) {
      if (keys.length === 0) return []
      const [only] = keys
      if (keys.length === 1 && only !== undefined)
        return [await call('read', async (send) => readText(await sendAgain(send, ['GET', only])))]
      return call('read', async (send) => readTexts(await sendAgain(send, ['MGET', ...keys])))
    },

    async write(key, value, lifetimeMilliseconds, when) {
      const condition = when === undefined ? [] : [when === 'absent' ? 'NX' : 'XX']
      const command = ['SET', key, value, 'PX', String(requireLifetime(lifetimeMilliseconds)), ...condition]
      // What must be absent comes into being with it: a session, a login.
      const isLasting = when === 'absent' ? (written: boolean) => written : () => false
      return changeLastingly('write', [key], async (send) => readText(await send(command)) === 'OK', isLasting)
    },

    async writeAll(records) {
      if (records.length === 0) return
      const keys = records.map(({ key }) => key)
      const args = records.flatMap(({ value, lifetimeMilliseconds }) => [value, String(requireLifetime(lifetimeMilliseconds))])
      await change('writeAll', keys, (send) => runScript(send, WRITE_ALL, keys, args))
    },

    take(key) {
      return change('take', [key], async (send) => readText(await send(['GETDEL', key])))
    },

    async remove(keys) {
      if (keys.length === 0) return 0
      return change('remove', keys, async (send) => readNumber(await send(['DEL', ...keys])))
    },

    removeLeaving(keys, { key, value, lifetimeMilliseconds }) {
      const all = [key, ...keys]
      const args = [value, String(requireLifetime(lifetimeMilliseconds))]
      return changeLastingly(
        'removeLeaving',
        all,
        async (send) => readNumber(await runScript(send, REMOVE_LEAVING, all, args)),
        (removed) => removed > 0,
      )
    },

    retire: createRedisRetire(changeLastingly),
    async keep(keys, lifetimeMilliseconds) {
      if (keys.length === 0) return
      const lifetime = String(requireLifetime(lifetimeMilliseconds))
      await change('keep', keys, (send) => runScript(send, KEEP, keys, [lifetime]))
    },

    swap(key, expected, next) {
      return changeLastingly(
        'swap',
        [key],
        async (send) => readSwap(await runScript(send, SWAP, [key], [String(expected), next])),
        (outcome) => outcome === 'written',
      )
    },

    lease(key, owner, lifetimeMilliseconds) {
      const args = [owner, String(requireLifetime(lifetimeMilliseconds))]
      return change('lease', [key], async (send) => readNumber(await runScript(send, LEASE, [key], args)) === 1)
    },

    async release(key, owner) {
      await change('release', [key], (send) => runScript(send, RELEASE, [key], [owner]))
    },

    async count(key, by, windowMilliseconds) {
      const args = [String(by), String(requireLifetime(windowMilliseconds))]
      return call('count', async (send) => readNumber(await runScript(send, COUNT, [key], args)))
    },

    async addMember(key, member, deadline, most) {
      const args = [member, String(deadline), String(most), String(now())]
      await call('addMember', (send) => runScript(send, ADD_MEMBER, [key], args))
    },

    async members(key) {
      const reply = await call('members', async (send) => readTexts(await send(['ZRANGEBYSCORE', key, `(${now()}`, '+inf'])))
      return reply.filter((member) => member !== undefined)
    },

    async removeMember(key, member) {
      await call('removeMember', (send) => send(['ZREM', key, member]))
    },

    watch: add,
    link: connection.link,

    async close() {
      // Answers come in order: once this one is there, nothing that was asked before is left unanswered.
      if (connection.client()) await call('close', (send) => send(['PING'])).catch(() => undefined)
      connection.close()
    },
  }
}
