import { isSamePerson, isSameSession, type Session, type SignedIn, UNKNOWN, withWarning } from './session.ts'

/** What was learnt, and between which two moments of this machine's clock it held. */
export interface News {
  readonly session: Session
  readonly askedAt: number
  readonly answeredAt: number
}

export type SessionListener = (session: Session) => void

interface Steps {
  /** Two things were learnt at the same time and differ: only asking anew tells which of them holds. */
  readonly onDoubt: () => void
}

export type Knowledge = ReturnType<typeof createKnowledge>

/** What this tab knows of the session, and who wants to hear of changes. */
export function createKnowledge({ onDoubt }: Steps) {
  let known: News = { session: UNKNOWN, askedAt: 0, answeredAt: 0 }
  let person: SignedIn | undefined
  const listeners = new Set<SessionListener>()
  const personListeners = new Set<SessionListener>()

  return {
    get current(): Session {
      return known.session
    },
    subscribe: (listener: SessionListener) => join(listeners, listener),
    onUserChanged: (listener: SessionListener) => join(personListeners, listener),

    /**
     * Takes news that are newer than what is known: they were asked for after that was answered. Answers overtake each other,
     * in a tab and between tabs, so that anything else is either the same or a reason to ask anew. Says whether it was taken.
     */
    consider(told: News): boolean {
      const news = { ...told, session: withWarning(known.session, told.session) }
      // What is known from the future was learnt before the clock was set back.
      const isNewer = news.askedAt >= known.answeredAt || known.answeredAt > Date.now()
      if (isNewer) take(news)
      else if (!isSameSession(news.session, known.session)) onDoubt()
      return isNewer
    },
  }

  function take(news: News): void {
    const before = known.session
    known = isSameSession(before, news.session) ? { ...news, session: before } : news
    const { session } = known
    if (session === before) return
    tell(listeners, session)
    if (session.state !== 'signed-in') return
    // Signed out in between or not: what the page shows was the other person's.
    const isAnother = person !== undefined && !isSamePerson(person, session)
    person = session
    if (isAnother) tell(personListeners, session)
  }
}

function join(listeners: Set<SessionListener>, listener: SessionListener): () => void {
  // One that is given twice is called twice, and leaves by itself.
  const own: SessionListener = (session) => listener(session)
  listeners.add(own)
  return () => listeners.delete(own)
}

/** Tells those who listen now: not who joins as they are told, and not who has left by then. */
function tell(listeners: ReadonlySet<SessionListener>, session: Session): void {
  const joined = [...listeners]
  for (const listener of joined) if (listeners.has(listener)) call(listener, session)
}

/** One listener's failure is for the console, and keeps the news from nobody else. */
function call(listener: SessionListener, session: Session): void {
  try {
    listener(session)
  } catch (error) {
    setTimeout(() => {
      throw error
    })
  }
}
