import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parseDuration } from '../../../src/config/parse-duration.ts'
import { eventsSettings } from '../../../src/config/events-settings.ts'

test.each(['nginx.conf', 'config/nginx-auth-request.conf'])(
  '%s keeps an event stream that shows as seldom as it may that it is there, and passes on what it says at once',
  (name) => {
    const conf = readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
    const [, ours = ''] = /location \^~ \/bff\/ \{([^}]*)\}/.exec(conf) ?? []
    const [, patience = ''] = /proxy_read_timeout (\w+);/.exec(ours) ?? []
    const seldom = '1m'
    expect(eventsSettings.safeParse({ heartbeat: seldom }).success).toBe(true)
    expect(eventsSettings.safeParse({ heartbeat: '61s' }).success).toBe(false)
    expect(parseDuration(patience)).toBeGreaterThan(Number(parseDuration(seldom)) + 1000)
    expect(conf).toMatch(/^ {2}proxy_buffering off;$/m)
    expect(ours).not.toMatch(/buffering|gzip/)
  },
)
