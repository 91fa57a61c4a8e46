import { Secret } from '../../src/config/secret.ts'
import type { SentinelConfig } from '../../src/config/sentinel-config.ts'
import type { EventName, Events } from '../../src/report/events.ts'
import { createStore } from '../../src/store/create-store.ts'
import type { Store } from '../../src/store/port.ts'
import { startRedis } from './redis-server.ts'
import type { RedisOptions, RedisServer } from './redis-server.ts'
import { until } from './until.ts'

/** A store on a test's Redis, with what it reported. */
export interface OpenedStore {
  readonly store: Store
  readonly events: { readonly name: EventName; readonly fields: Events[EventName] }[]
}

interface Opening {
  readonly deadlineMilliseconds?: number
  readonly now?: () => number
  readonly passwordFile?: string
  readonly sentinel?: SentinelConfig
  /** Given back while it connects, where that takes longer than its deadline; otherwise once it has told how the first attempt went. */
  readonly isEarly?: boolean
}

/** Starts servers, opens stores on them as the gateway does, and ends them all after a test, however it went. Deadlines are short, so that outages are over quickly. */
export function createOpener() {
  const opened: Store[] = []
  const servers: RedisServer[] = []

  async function startServer(options?: RedisOptions): Promise<RedisServer> {
    const server = await startRedis(options)
    servers.push(server)
    return server
  }

  async function openStore(
    url: string,
    { deadlineMilliseconds = 400, now = Date.now, passwordFile, sentinel, isEarly = false }: Opening = {},
  ): Promise<OpenedStore> {
    const events: { name: EventName; fields: Events[EventName] }[] = []
    const store = await createStore(
      { kind: 'redis', url: new Secret(url), passwordFile, sentinel, deadlineMilliseconds, outageGraceMilliseconds: 10_000 },
      { report: (name, fields) => void events.push({ name, fields }), now },
    )
    opened.push(store)
    if (!isEarly) await until('it is told how the store is', () => events.some(({ name }) => name === 'store_state'))
    return { store, events }
  }

  async function closeAll(): Promise<void> {
    await Promise.all(opened.splice(0).map((store) => store.close()))
    await Promise.all(servers.splice(0).map((server) => server.stop()))
  }

  return { startServer, openStore, closeAll }
}

/** What was told of the store's state, in order. */
export function statesOf({ events }: OpenedStore): readonly { readonly state: string; readonly note?: string }[] {
  return events
    .filter(({ name }) => name === 'store_state')
    .map(({ fields }) => ({
      state: 'state' in fields ? fields.state : '',
      ...('note' in fields && fields.note !== undefined ? { note: fields.note } : {}),
    }))
}

/** One call of every kind, by name. */
export const EVERY_CALL: Readonly<Record<string, (store: Store, key: string) => Promise<unknown>>> = {
  read: (store, key) => store.read([key]),
  'read of several': (store, key) => store.read([key, `${key}:other`]),
  write: (store, key) => store.write(key, '1:x', 60_000),
  'conditional write': (store, key) => store.write(key, '1:x', 60_000, 'absent'),
  writeAll: (store, key) => store.writeAll([{ key, value: '1:x', lifetimeMilliseconds: 60_000 }]),
  take: (store, key) => store.take(key),
  remove: (store, key) => store.remove([key]),
  keep: (store, key) => store.keep([key], 60_000),
  swap: (store, key) => store.swap(key, 1, '2:x'),
  lease: (store, key) => store.lease(`${key}:lease`, 'owner', 60_000),
  release: (store, key) => store.release(`${key}:lease`, 'owner'),
  count: (store, key) => store.count(`${key}:count`, 1, 60_000),
  addMember: (store, key) => store.addMember(`${key}:set`, 'm', Date.now() + 60_000, 3),
  members: (store, key) => store.members(`${key}:set`),
  removeMember: (store, key) => store.removeMember(`${key}:set`, 'm'),
}
