import { createClient } from 'redis'

/** Sessions that one call of the script writes; more would hold up Redis for too long at once. */
const BATCH = 5_000
const LIFETIME_MILLISECONDS = 12 * 3_600_000

// Inside Redis: four gigabytes need not pass a connection. What the records hold is of no use, their number, names and sizes are right.
const FILL = `
local kinds, values = {}, {}
for at = 4, #ARGV, 2 do
  kinds[#kinds + 1] = ARGV[at]
  values[#values + 1] = string.rep('x', tonumber(ARGV[at + 1]))
end
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = ARGV[3] .. ':{' .. redis.sha1hex(n) .. 'xxx}:'
  for at = 1, #kinds do
    redis.call('SET', id .. kinds[at], values[at], 'PX', ${LIFETIME_MILLISECONDS})
  end
end
return redis.call('DBSIZE')`

/** Adds as many sessions to a Redis that nobody will ask for, each with records of the sizes that those there have; answers its number of keys. */
export async function fillStore(url: string, many: number): Promise<number> {
  const client = createClient({ url, disableClientInfo: true })
  await client.connect()
  try {
    const [like = ''] = await client.keys('*:session')
    const [, prefix = '', tag = ''] = /^(.*):(\{.*\}):session$/.exec(like) ?? []
    const kinds = ['session', 'grant', 'seen', 'about']
    const sizes: string[] = []
    for (const kind of kinds) sizes.push(kind, String(await client.strLen(`${prefix}:${tag}:${kind}`)))
    for (let first = 1; first <= many; first += BATCH) {
      const last = Math.min(many, first + BATCH - 1)
      await client.eval(FILL, { keys: [], arguments: [String(first), String(last), prefix, ...sizes] })
    }
    return await client.dbSize()
  } finally {
    await client.close()
  }
}
