import type { Ask } from './ask.ts'
import type { Knowledge } from './knowledge.ts'
import type { EventListener } from './parse-events.ts'
import type { SessionReader, ToldTimes } from './read-session.ts'
import type { Reason, Session, User } from './session.ts'

interface Steps {
  readonly knowledge: Pick<Knowledge, 'current'>
  readonly reader: Pick<SessionReader, 'readEvent'>
  readonly learn: (session: Session) => void
  readonly ask: Ask
  readonly refused: (reason: Reason) => void
}

/** The gateway's events; what is no object has nothing to tell. */
type Told = Partial<ToldTimes> & { readonly reason?: Reason; readonly user?: User }

/** Turns the gateway's events into knowledge. Endings are asked about: a new sign-in may already have taken the session's place. */
export function createTakeEvent({ knowledge, reader, learn, ask, refused }: Steps): EventListener {
  return function takeEvent(name, data) {
    const told: Told = Object(data)
    const { current } = knowledge
    if (name === 'ended') refused(told.reason ?? 'none')
    else if (name === 'user-changed') void ask()
    else if (current.state !== 'signed-in') return
    else if (name === 'claims-changed' && told.user) learn({ ...current, user: told.user })
    else if (name === 'expiring' || name === 'extended')
      learn(reader.readEvent(current, told as ToldTimes, Date.now(), name === 'expiring'))
  }
}
