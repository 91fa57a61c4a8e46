import type { Store } from '../store/port.ts'
import { amendRecord, versionOf } from './amend-record.ts'
import type { SessionId } from './records.ts'

/** Far more than sign in at the same instant. Who has dropped out was before all that stand there. */
const MOST_IN_LINE = 100

/**
 * The order in which a person's sessions began, across instances and whatever their clocks say: a line at whose end each stands once,
 * before it is listed. Whoever reads the list and then the line thus finds everybody's place who is on the list.
 */
export interface Line {
  /** Rejects with `store_unavailable`. */
  readonly join: (line: string, id: SessionId) => Promise<void>
  /** Oldest first. */
  readonly read: (line: string) => Promise<readonly SessionId[]>
}

export function createLine(store: Pick<Store, 'read' | 'write' | 'swap' | 'keep'>, lifetimeMilliseconds: number): Line {
  return {
    join: (line, id) =>
      amendRecord(store, { key: line, lifetimeMilliseconds }, (held) => {
        const { version, ids } = parse(held)
        return `${version + 1}:${[...ids, id].slice(-MOST_IN_LINE).join(' ')}`
      }),
    async read(line) {
      const [held] = await store.read([line])
      return parse(held).ids
    },
  }
}

function parse(held = '0:'): { readonly version: number; readonly ids: readonly SessionId[] } {
  const ids = held.slice(held.indexOf(':') + 1).split(' ') as SessionId[]
  return { version: versionOf(held), ids: ids.filter((id) => id.length > 0) }
}
