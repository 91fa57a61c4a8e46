import { isCertain } from './is-certain.ts'
import type { Store } from './port.ts'

const KEPT_WITHOUT_NEWS_MILLISECONDS = 1_000
const MOST_SPARED = 64

interface Entry<Opened> {
  readonly opened: Opened
  /** When its read began, epoch milliseconds: it is no older than that. */
  readonly readAt: number
  /** Whether it was used since the clock's hand last passed it. */
  used: boolean
}

type Load<Opened> = PromiseWithResolvers<Opened | undefined>

/** Opened records in this process, as fresh as the store's word on what changed. */
export interface RecordCache<Opened, Proof = void> {
  /** The record, if it is here and may be used now: while changes are heard of, and for the outage grace after that. */
  readonly peek: (id: string) => Opened | undefined
  /**
   * The record, from here or loaded; callers at the same time share one load. `undefined`: there is none, which is not
   * remembered. Rejects as the load does, with `store_unavailable` where the store cannot be asked.
   */
  readonly read: (id: string, proof: Proof) => Promise<Opened | undefined>
  /** Reads the record anew, whatever is here; where that cannot be done it rejects, and what is here stays. */
  readonly reload: (id: string, proof: Proof) => Promise<void>
  readonly forget: (id: string) => void
  readonly size: number
}

/**
 * A change makes the load that is under way void, before its answer is here: that answer still goes to those who asked
 * before, but is not kept, and who asks later loads again. There is no way to put a record in but by reading it: the store
 * tells of changes to what was read, and to nothing else.
 */
export function createRecordCache<Opened, Proof = void>({
  load,
  idOfKey,
  store,
  most,
  outageGraceMilliseconds,
  now,
}: {
  /** Reads and opens; every key that it reads and `idOfKey` knows makes the record void when it changes. */
  readonly load: (id: string, proof: Proof) => Promise<Opened | undefined>
  readonly idOfKey: (key: string) => string | undefined
  readonly store: Pick<Store, 'watch' | 'link'>
  /** Most records that are kept; those used longest ago leave first, roughly. */
  readonly most: number
  readonly outageGraceMilliseconds: number
  readonly now: () => number
}): RecordCache<Opened, Proof> {
  const { link } = store
  const entries = new Map<string, Entry<Opened>>()
  const loads = new Map<string, Load<Opened>>()

  function isUsable(entry: Entry<Opened>): boolean {
    if (!link.tells) return now() < entry.readAt + KEPT_WITHOUT_NEWS_MILLISECONDS
    return isCertain(link, now(), outageGraceMilliseconds)
  }

  function peek(id: string): Opened | undefined {
    const entry = entries.get(id)
    if (entry === undefined || !isUsable(entry)) return undefined
    entry.used = true
    return entry.opened
  }

  function forget(id: string): void {
    entries.delete(id)
    loads.delete(id)
  }

  function keep(id: string, opened: Opened, readAt: number): void {
    entries.delete(id)
    if (entries.size >= most) makeRoom()
    entries.set(id, { opened, readAt, used: false })
  }

  /** The map's order is the clock: a record that was used since the hand last passed goes round once more. */
  function makeRoom(): void {
    let spared = 0
    for (const [id, entry] of entries) {
      entries.delete(id)
      if (!entry.used || spared === MOST_SPARED) return
      entry.used = false
      entries.set(id, entry)
      spared += 1
    }
  }

  function startLoad(id: string, proof: Proof): Load<Opened> {
    const placeholder = Promise.withResolvers<Opened | undefined>()
    // Set before the read, so that no change falls between the two.
    loads.set(id, placeholder)
    void fill(id, proof, placeholder)
    return placeholder
  }

  async function fill(id: string, proof: Proof, placeholder: Load<Opened>): Promise<void> {
    const readAt = now()
    try {
      const opened = await load(id, proof)
      if (loads.get(id) === placeholder && opened !== undefined) keep(id, opened, readAt)
      placeholder.resolve(opened)
    } catch (failure) {
      placeholder.reject(failure)
    } finally {
      if (loads.get(id) === placeholder) loads.delete(id)
    }
  }

  store.watch((key) => {
    if (key === undefined) {
      entries.clear()
      loads.clear()
      return
    }
    const id = idOfKey(key)
    if (id !== undefined) forget(id)
  })

  return {
    peek,
    async read(id, proof) {
      return peek(id) ?? (loads.get(id) ?? startLoad(id, proof)).promise
    },
    async reload(id, proof) {
      const opened = await startLoad(id, proof).promise
      if (opened === undefined) entries.delete(id)
    },
    forget,
    get size() {
      return entries.size
    },
  }
}
