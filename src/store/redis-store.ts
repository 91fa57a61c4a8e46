import type { RedisStoreConfig } from '../config/config.ts'
import type { Report } from '../report/events.ts'
import { requireLifetime } from './lifetime.ts'
import { createListeners } from './listeners.ts'
import type { Store } from './port.ts'
import { createCall } from './redis-call.ts'
import type { Send } from './redis-call.ts'
import { createRedisConnection } from './redis-connection.ts'
import { readNumber, readSwap, readText, readTexts } from './redis-replies.ts'
import { ADD_MEMBER, COUNT, KEEP, LEASE, RELEASE, REMOVE_LEAVING, runScript, SWAP, WRITE_ALL } from './redis-scripts.ts'
import { createServerWarnings } from './redis-warnings.ts'
import { createStoreState } from './store-state.ts'

/**
 * Records in Redis (6.2 or newer), over one connection with client tracking. Resolves once connected, and without a
 * connection after one deadline at most; it connects in the background for as long as it takes.
 *
 * A call that rejects means "not known": what it asked for may have happened, or happen a moment later. So a value whose
 * `take` was not answered is gone for everyone and never handed out twice; and after a conditional write or a `swap` that was
 * not answered, the caller reads the record to learn how it went. Nothing is sent twice.
 */
export async function createRedisStore(
  { url, deadlineMilliseconds }: RedisStoreConfig,
  { report, now }: { readonly report: Report; readonly now: () => number },
): Promise<Store> {
  const { add, tell } = createListeners()
  const state = createStoreState(report)
  const warnOfServer = createServerWarnings(report)
  const connection = createRedisConnection({
    url: url.reveal(),
    now,
    onChange: tell,
    onConnected(client) {
      state.connected()
      // A connection that breaks meanwhile is told by its own event, and the next one asks again.
      warnOfServer(client).catch(() => undefined)
    },
    onLost: state.lost,
  })
  const call = createCall(connection, deadlineMilliseconds)

  /** Runs what changes `keys`, and tells of that here before the caller goes on: the server's own word may come later. */
  async function change<Answer>(
    operation: string,
    keys: readonly string[],
    run: (send: Send) => Promise<Answer>,
  ): Promise<Answer> {
    const answer = await call(operation, run)
    for (const key of keys) tell(key)
    return answer
  }

  await Promise.race([connection.attempted, call('connect', (send) => send(['PING'])).catch(() => undefined)])

  return {
    async read(keys) {
      if (keys.length === 0) return []
      const [only] = keys
      if (keys.length === 1 && only !== undefined)
        return [await call('read', async (send) => readText(await send(['GET', only])))]
      return call('read', async (send) => readTexts(await send(['MGET', ...keys])))
    },

    async write(key, value, lifetimeMilliseconds, when) {
      const condition = when === undefined ? [] : [when === 'absent' ? 'NX' : 'XX']
      const command = ['SET', key, value, 'PX', String(requireLifetime(lifetimeMilliseconds)), ...condition]
      return change('write', [key], async (send) => readText(await send(command)) === 'OK')
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
      return change('removeLeaving', all, async (send) => readNumber(await runScript(send, REMOVE_LEAVING, all, args)))
    },

    async keep(keys, lifetimeMilliseconds) {
      if (keys.length === 0) return
      const lifetime = String(requireLifetime(lifetimeMilliseconds))
      await change('keep', keys, (send) => runScript(send, KEEP, keys, [lifetime]))
    },

    swap(key, expected, next) {
      return change('swap', [key], async (send) => readSwap(await runScript(send, SWAP, [key], [String(expected), next])))
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
