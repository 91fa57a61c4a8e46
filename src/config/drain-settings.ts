import { z } from 'zod'
import { duration } from './setting-kinds.ts'

/** The end of a process. */
export const drainSettings = z.strictObject({
  delay: duration('0s', '10m')
    .prefault('5s')
    .meta({ description: 'On SIGTERM, between "not ready" and closing the listener, so that balancers notice.' }),
  deadline: duration('0s', '1h').prefault('30s').meta({ description: 'From SIGTERM on: what is still in flight then is cut.' }),
})
