import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The answers that are being made now. */
export interface InFlight {
  readonly count: number
  /** Counts an answer until it is complete or its connection is gone. */
  enter(response: ServerResponse): void
  /** Whether bytes of an answer are already out on this connection. */
  hasBegunOn(socket: Duplex): boolean
  /** From now on every answer says `Connection: close`, also those that have not sent their headers yet. */
  closeConnections(): void
  /** Resolves once nothing is in flight. */
  empty(): Promise<void>
}

/** Keeps count of the answers that are being made. */
export function createInFlight(): InFlight {
  const answers = new Set<ServerResponse>()
  const waiting: (() => void)[] = []
  let closing = false

  function leave(response: ServerResponse): void {
    answers.delete(response)
    if (answers.size === 0) for (const resolve of waiting.splice(0)) resolve()
  }

  return {
    get count() {
      return answers.size
    },
    enter(response) {
      answers.add(response)
      if (closing) response.shouldKeepAlive = false
      response.once('close', () => leave(response))
    },
    hasBegunOn(socket) {
      for (const answer of answers) if (answer.socket === socket && answer.headersSent) return true
      return false
    },
    closeConnections() {
      closing = true
      for (const answer of answers) answer.shouldKeepAlive = false
    },
    async empty() {
      if (answers.size > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
