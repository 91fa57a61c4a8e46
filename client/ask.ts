import { oneAfterAnother } from './one-after-another.ts'
import type { SessionReader } from './read-session.ts'
import type { Session } from './session.ts'

interface Steps {
  readonly prefix: string
  readonly reader: Pick<SessionReader, 'readAnswer'>
  /** Takes what was learnt, and since when it was asked for. */
  readonly learn: (session: Session, askedAt: number) => void
}

const PATIENCE_MILLISECONDS = 10_000

/** Asks who is signed in; says whether the gateway could tell. Never rejects: what cannot be told changes nothing. */
export type Ask = () => Promise<boolean>

export function createAsk({ prefix, reader, learn }: Steps): Ask {
  return oneAfterAnother(async function ask() {
    const askedAt = Date.now()
    // By hand: browsers without `BroadcastChannel` know no `AbortSignal.timeout` either.
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), PATIENCE_MILLISECONDS)
    try {
      const response = await fetch(`${prefix}/session`, {
        headers: { 'X-CSRF': '1' },
        cache: 'no-store',
        signal: patience.signal,
      })
      const session = response.ok ? reader.readAnswer(await response.json(), Date.now()) : undefined
      if (session) learn(session, askedAt)
      return session !== undefined
    } catch {
      return false
    } finally {
      clearTimeout(timer)
    }
  })
}
