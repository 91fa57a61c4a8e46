import type { Report } from '../report/events.ts'
import type { RedisClient } from './redis-client.ts'
import { isRefusal } from './redis-failure.ts'
import { readText } from './redis-replies.ts'

const NOT_TOLD =
  'Redis does not tell of changes here (RESP3 client tracking is missing or not allowed): opened sessions are kept for one second only, and are read again after it.'
const IS_REPLICA = 'Redis is a read-only replica here: nobody can sign in.'

/** Reads, once per connection, what speaks against keeping sessions on this server, and tells of each finding once. */
export function createServerWarnings(report: Report): (client: RedisClient) => Promise<void> {
  const told = new Set<string>()
  return async function warnOfServer(client) {
    for (const note of [...(client.tells ? [] : [NOT_TOLD]), ...(await readFindings(client))]) {
      if (told.has(note)) continue
      told.add(note)
      report('store_warning', { note })
    }
  }
}

async function readFindings(client: RedisClient): Promise<readonly string[]> {
  try {
    const reply = readText(await client.send(['INFO'])) ?? ''
    return judge(new Map(reply.split('\r\n').map(splitLine)))
  } catch (failure) {
    // Not permitted on some managed servers: then nothing is known, and nothing is said.
    if (isRefusal(failure)) return []
    throw failure
  }
}

function judge(told: ReadonlyMap<string, string>): readonly string[] {
  const policy = told.get('maxmemory_policy') ?? 'noeviction'
  const evicts = policy !== 'noeviction' && told.get('maxmemory') !== '0'
  const evicting = `Redis drops records when its memory is full (maxmemory-policy ${policy}), which signs people out: set it to noeviction.`
  return [...(evicts ? [evicting] : []), ...(told.get('role') === 'slave' ? [IS_REPLICA] : [])]
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1)]
}
