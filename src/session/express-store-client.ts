import type { Store } from '../store/port.ts'
import { parseSessionSecret, sessionIdOf } from '../security/session-secret.ts'
import type { SessionKeys } from './keys.ts'
import type { Ticket } from './records.ts'
import type { RecordSeals } from './seal-records.ts'

/** What connect-redis asks of a client, over our store: it names a record by its secret, and here that becomes the hashed, sealed one. */
export interface ExpressStoreClient {
  readonly get: (secret: string) => Promise<string | null>
  readonly set: (secret: string, json: string, lifetimeMilliseconds: number, when: 'absent' | 'present') => Promise<boolean>
  readonly del: (secrets: readonly string[]) => Promise<number>
}

export function createExpressStoreClient(store: Store, keys: SessionKeys, seals: RecordSeals): ExpressStoreClient {
  return {
    async get(secret) {
      const ticket = ticketOf(secret)
      if (!ticket) return null
      const [sealed] = await store.read([keys.session(ticket.id)])
      return sealed === undefined ? null : seals.openSession(ticket, sealed)
    },
    async set(secret, json, lifetimeMilliseconds, when) {
      const ticket = ticketOf(secret)
      if (!ticket) return false
      return store.write(keys.session(ticket.id), seals.sealSession(ticket, json), lifetimeMilliseconds, when)
    },
    async del(secrets) {
      const tickets = secrets.map(ticketOf).filter((ticket) => ticket !== undefined)
      return tickets.length === 0 ? 0 : store.remove(tickets.map(({ id }) => keys.session(id)))
    },
  }
}

function ticketOf(text: string): Ticket | undefined {
  const secret = parseSessionSecret(text)
  return secret && { secret, id: sessionIdOf(secret) }
}
