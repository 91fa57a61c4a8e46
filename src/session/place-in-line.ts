import { GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import type { SessionId } from './records.ts'

/** Whoever loses more often than this to other sign-ins of the same person at the same instant is not signed in. */
const MOST_TRIES = 50
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
    async join(line, id) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const [held] = await store.read([line])
        const { version, ids } = parse(held)
        const next = `${version + 1}:${[...ids, id].slice(-MOST_IN_LINE).join(' ')}`
        const isWritten =
          held === undefined
            ? await store.write(line, next, lifetimeMilliseconds, 'absent')
            : (await store.swap(line, version, next)) === 'written'
        if (isWritten) return store.keep([line], lifetimeMilliseconds)
      }
      throw new GatewayError('store_unavailable', { note: 'too many sign-ins of one person at the same instant' })
    },
    async read(line) {
      const [held] = await store.read([line])
      return parse(held).ids
    },
  }
}

function parse(held = '0:'): { readonly version: number; readonly ids: readonly SessionId[] } {
  const colon = held.indexOf(':')
  const ids = held.slice(colon + 1).split(' ') as SessionId[]
  return { version: Number(held.slice(0, colon)), ids: ids.filter((id) => id.length > 0) }
}
