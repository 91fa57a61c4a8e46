import { createHash } from 'node:crypto'
import type { Send } from './redis-call.ts'
import { isRefusal } from './redis-failure.ts'

export interface Script {
  readonly source: string
  readonly sha1: string
}

/** Writes `ARGV[2]`, with the lifetime that is left, over a record whose version is `ARGV[1]`. */
export const SWAP = script(`
local held = redis.call('GET', KEYS[1])
if not held then return 'absent' end
local prefix = ARGV[1] .. ':'
if string.sub(held, 1, #prefix) ~= prefix then return 'conflict' end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 'written'`)

/**
 * Writes an owner's name for a while, unless another's stands there. A server that is full refuses the write, and is not asked for
 * room by a longer life: who holds the lease is told of the refusal, and keeps it.
 */
export const LEASE = script(`
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
local written = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if not written.err then return 1 end
if held then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return written`)

/** Removes an owner's name, and nobody else's. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)

/** Adds to a counter, never below zero; the window begins with the counter. */
export const COUNT = script(`
local held = redis.call('GET', KEYS[1])
local value = math.max(0, tonumber(held or '0') + tonumber(ARGV[1]))
if held then
  redis.call('SET', KEYS[1], string.format('%d', value), 'KEEPTTL')
elseif value > 0 then
  redis.call('SET', KEYS[1], string.format('%d', value), 'PX', ARGV[2])
end
return value`)

/** Adds a member with its deadline, drops the past and, above the bound, the earliest; the set lives as long as its last member. */
export const ADD_MEMBER = script(`
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[4])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - tonumber(ARGV[3]))
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
if last[2] then redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last[2])) end
return 1`)

/** Writes every key with its value and lifetime; a script runs whole or, where the server is full, not at all. */
export const WRITE_ALL = script(`
for index, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * index - 1], 'PX', ARGV[2 * index])
end
return #KEYS`)

/** Removes all keys but the first, and writes that one if there were any; a server that is full refuses the write, never the removal. */
export const REMOVE_LEAVING = script(`
local removed = 0
for index = 2, #KEYS do removed = removed + redis.call('DEL', KEYS[index]) end
if removed > 0 then redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return removed`)

/**
 * Where the `ARGV[4]` keys after the first are all there, and that one is not: writes it, cuts their lifetimes down to `ARGV[3]`, and
 * removes the others. The write comes first: a server that is full refuses it, and nothing has happened.
 */
export const RETIRE = script(`
local last = 1 + tonumber(ARGV[4])
for index = 2, last do
  if redis.call('EXISTS', KEYS[index]) == 0 then return 0 end
end
if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for index = 2, last do
  local left = redis.call('PTTL', KEYS[index])
  if left < 0 or left > tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[index], ARGV[3]) end
end
for index = last + 1, #KEYS do redis.call('DEL', KEYS[index]) end
return 1`)

/** Gives every key that exists a new lifetime. */
export const KEEP = script(`
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
return #KEYS`)

/** Runs a script by its hash; its text is sent only to a server that does not know it yet. */
export async function runScript(
  send: Send,
  { source, sha1 }: Script,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args]
  try {
    return await send(['EVALSHA', sha1, ...rest])
  } catch (failure) {
    if (!isRefusal(failure) || !failure.message.startsWith('NOSCRIPT')) throw failure
    return send(['EVAL', source, ...rest])
  }
}

function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
