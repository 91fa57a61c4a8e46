import { FAILURES, GatewayError } from '../errors.ts'
import type { Store } from '../store/port.ts'
import { createBackoff } from '../store/redis-backoff.ts'
import type { EndSession } from './end-session.ts'
import type { SessionKeys } from './keys.ts'
import type { ReadListed } from './listed-sessions.ts'
import type { RecentEndings } from './recent-endings.ts'
import type { SessionId } from './records.ts'

const SESSIONS_AT_ONCE = 100

interface Steps {
  readonly store: Pick<Store, 'watch' | 'read'>
  readonly keys: Pick<SessionKeys, 'session'>
  readonly endings: Pick<RecentEndings, 'ids' | 'reasonOf'>
  readonly readListed: ReadListed
  readonly endSession: EndSession
  readonly inBackground: (work: Promise<void>) => void
}

/** Endings that may have been lost, until they stand again. */
export interface RestoredEndings {
  /** Tries no longer. */
  readonly stop: () => void
}

/**
 * Ends again what a store has brought back: after a crash, or when a replica takes over, its last writes may be missing, and so the
 * removal of sessions that ended. Whenever the store is found again, those whose ending is remembered here are looked for, and what is
 * back ends once more, for the reason that it ended for, through the one door; tried again until the store takes it or nothing is
 * remembered any more.
 */
export function restoreEndings(steps: Steps): RestoredEndings {
  const { store, keys, endings, readListed, endSession, inBackground } = steps
  const due = new Set<SessionId>()
  const backoff = createBackoff()
  let timer: NodeJS.Timeout | undefined

  store.watch((key) => {
    if (key !== undefined) return
    for (const id of endings.ids()) due.add(id)
    restore()
  })

  function restore(): void {
    if (due.size > 0) inBackground(restoreAll().catch(later))
  }

  async function restoreAll(): Promise<void> {
    while (due.size > 0) await restoreSome()
    backoff.reset()
  }

  async function restoreSome(): Promise<void> {
    const some: SessionId[] = []
    for (const id of due) {
      if (some.length === SESSIONS_AT_ONCE) break
      some.push(id)
      // Taken out before anybody is asked: a store that is lost and found meanwhile has them looked for anew.
      due.delete(id)
    }
    try {
      const records = await store.read(some.map(keys.session))
      await Promise.all(some.filter((_, index) => records[index] !== undefined).map(endAgain))
    } catch (error) {
      for (const id of some) due.add(id)
      throw error
    }
  }

  async function endAgain(id: SessionId): Promise<void> {
    const reason = endings.reasonOf(id)
    if (reason === undefined) return
    const { about } = await readListed(id)
    const { issuer = '', subject, providerSession } = about ?? {}
    await endSession({ ticket: { id }, record: { issuer, subject, providerSession } }, reason)
  }

  function later(error: unknown): void {
    if (!(error instanceof GatewayError) || FAILURES[error.code].blame !== 'store') throw error
    timer ??= setTimeout(() => {
      timer = undefined
      restore()
    }, backoff.next()).unref()
  }

  return {
    stop() {
      due.clear()
      clearTimeout(timer)
    },
  }
}
