import type { LiveConnection, LiveEnding } from '../live/live-connection.ts'
import type { LiveOutcome } from '../report/events.ts'
import type { Answer } from './answer.ts'
import type { Carriage } from './carriage.ts'
import { failureOfEnding } from './failure-of-ending.ts'
import { tellLiveConnection } from './tell-live-connection.ts'

/**
 * Keeps an answer that goes on known to its session, so that it ends with that: an event stream by a last event that says why, where it
 * is between two events, any other by the end of its connection. The function that is answered is for when it is over.
 */
export function keepLive(carriage: Carriage, answer: Answer): () => void {
  const { live, report, now } = carriage.steps
  const { session } = carriage
  // Public answers end with nobody's session; a public event stream still has to make way for a deployment.
  if (session === undefined && !answer.isEventStream) return nothing
  const startedAt = now()
  let outcome: LiveOutcome | undefined

  const connection: LiveConnection = {
    kind: answer.isEventStream ? 'stream' : 'answer',
    session,
    end(ending) {
      outcome = ending.kind
      const failure = ending.kind === 'going_away' ? undefined : failureOfEnding(ending)
      carriage.finish(answer.isBetweenEvents ? lastWordsOf(ending) : undefined, failure)
    },
  }
  const leave = live.enter(connection)
  if (connection.kind === 'answer') return leave
  carriage.response.once('close', () => {
    leave()
    tellLiveConnection(report, 'stream', carriage, outcome ?? carriage.outcome, now() - startedAt)
  })
  return leave
}

/** Nothing to say where the session goes on, or may: whoever listened comes back by itself. */
function lastWordsOf(ending: LiveEnding): string {
  return ending.kind === 'session_ended' ? `event: ended\ndata: ${JSON.stringify({ reason: ending.reason })}\n\n` : ''
}

function nothing(): void {}
