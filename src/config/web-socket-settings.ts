import { z } from 'zod'
import { duration, integer } from './setting-kinds.ts'

/** The bounds of WebSockets; whether a route carries them is said there. */
export const webSocketSettings = z.strictObject({
  idleLimit: duration('1s', '1d').prefault('15m').meta({
    description: 'A WebSocket in which no byte has passed for this long, either way, is closed.',
  }),
  handshakeTimeout: duration('10ms', '5m')
    .prefault('10s')
    .meta({ description: 'Until the upstream has answered a WebSocket handshake.' }),
  mostOpen: integer(1, 1_000_000)
    .prefault(10_000)
    .meta({ description: 'Most WebSockets that one process carries; above it 503.' }),
  mostOpenPerSession: integer(1, 1_000_000)
    .prefault(50)
    .meta({ description: 'Most WebSockets of one session in one process; above it 503.' }),
})
