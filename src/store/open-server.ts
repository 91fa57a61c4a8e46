import { readFile } from 'node:fs/promises'
import type { RedisStoreConfig } from '../config/config.ts'
import { trimLineEnd } from '../config/expand-references.ts'
import { createAskSentinels, urlAt } from './ask-sentinels.ts'
import { inTime } from './in-time.ts'
import { openRedisClient } from './redis-client.ts'
import type { ClientSteps, RedisClient } from './redis-client.ts'
import { failureOf, isRefusal, nameFailure } from './redis-failure.ts'
import { HEARTBEAT_LATE_MILLISECONDS } from './redis-heartbeat.ts'
import { isOfEverything } from './redis-meanings.ts'
import { readRole } from './redis-role.ts'

/**
 * Opens one connection to whichever server is the right one now, with the password that is right now. It has answered a first
 * heartbeat in time and, where sentinels named it, said that it is a primary; otherwise this rejects.
 */
export type OpenServer = (steps: Omit<ClientSteps, 'url'>) => Promise<RedisClient>

export function createOpenServer({ url, passwordFile, sentinel }: Omit<RedisStoreConfig, 'kind'>): OpenServer {
  const configured = url.reveal()
  const askSentinels = sentinel && createAskSentinels({ ...sentinel, tls: configured.startsWith('rediss:') })

  return async function openServer(steps) {
    const whole = passwordFile === undefined ? configured : withPassword(configured, await readPassword(passwordFile))
    if (!askSentinels) return openReady({ ...steps, url: whole }, answersInTime)
    return askSentinels(steps.signal, (address) => openReady({ ...steps, url: urlAt(whole, address) }, isPrimary))
  }
}

async function openReady(steps: ClientSteps, verify: (client: RedisClient) => Promise<unknown>): Promise<RedisClient> {
  const client = await openRedisClient(steps)
  try {
    await inTime(HEARTBEAT_LATE_MILLISECONDS, verify(client))
    steps.signal.throwIfAborted()
    return client
  } catch (failure) {
    client.destroy()
    throw failure
  }
}

/** A server that is too slow for heartbeats, or knows none of its records yet, would void what is cached and answer nothing. */
async function answersInTime(client: RedisClient): Promise<void> {
  try {
    await client.send(['PING'])
  } catch (failure) {
    if (!isRefusal(failure) || isOfEverything(nameFailure(failure))) throw failure
  }
}

/** A sentinel that is cut off names a server that was demoted. One that does not tell what it is, is found out by the first write. */
async function isPrimary(client: RedisClient): Promise<void> {
  const [role] = await Promise.all([readRole(client), answersInTime(client)])
  if (role?.isPrimary === false) throw failureOf('NOT_PRIMARY')
}

async function readPassword(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw failureOf('PASSWORD_FILE', cause)
  })
  const password = trimLineEnd(text)
  if (password === '') throw failureOf('PASSWORD_FILE')
  return password
}

/** The URL, which holds no password, with one. */
function withPassword(url: string, password: string): string {
  const [, scheme = '', user = '', rest = ''] = /^(\w+:\/\/)(?:([^/@:]*):?@)?(.*)$/.exec(url) ?? []
  return `${scheme}${user}:${encodeURIComponent(password)}@${rest}`
}
