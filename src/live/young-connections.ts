import type { SessionId } from '../session/records.ts'
import type { LiveConnection } from './live-connection.ts'

/** Connections that have been open for less than two sweeps: most are gone before anybody asks for them. */
export interface YoungConnections {
  readonly add: (connection: LiveConnection) => void
  /** Answers whether it was here. */
  readonly remove: (connection: LiveConnection) => boolean
  readonly of: (id: SessionId) => readonly LiveConnection[]
  /** Those that were here when this was asked last; they are here no more. */
  readonly grownUp: () => readonly LiveConnection[]
}

/** Two sets that change places: the older one is emptied by each sweep, and being added or removed costs no look-up by session. */
export function createYoungConnections(): YoungConnections {
  const sets: { newer: Set<LiveConnection>; older: Set<LiveConnection> } = { newer: new Set(), older: new Set() }

  return {
    add: (connection) => void sets.newer.add(connection),
    remove: (connection) => sets.newer.delete(connection) || sets.older.delete(connection),
    of: (id) => [...sets.newer, ...sets.older].filter(({ session }) => session?.ticket.id === id),
    grownUp() {
      const grown = [...sets.older]
      sets.older = sets.newer
      sets.newer = new Set()
      return grown
    },
  }
}
