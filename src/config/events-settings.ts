import { z } from 'zod'
import { duration, integer } from './setting-kinds.ts'

/** What pages are told by `GET /bff/events`, and how often. */
export const eventsSettings = z.strictObject({
  heartbeat: duration('1s', '1m').prefault('15s').meta({
    description: 'How often an event stream that has nothing to say shows that it is there, so that proxies keep it.',
  }),
  expiringAhead: duration('0s', '1d').prefault('5m').meta({
    description:
      'How long before its end a page is told that the session runs out; never more than half of the idle time. 0s: never.',
  }),
  mostPerSession: integer(1, 1_000_000)
    .prefault(50)
    .meta({ description: 'Most event streams of ours of one session in one process; above it 429.' }),
})
