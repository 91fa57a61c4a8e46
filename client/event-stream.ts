import { waitOf } from './may-retry.ts'
import { createEventParser, type EventListener } from './parse-events.ts'

interface Listening {
  readonly url: string
  /** Ends it. */
  readonly signal: AbortSignal
  /** A stream that says nothing for so long is dead, whatever its connection says: the gateway's heartbeats come more often. */
  readonly silentMilliseconds: number
  readonly onOpen: () => void
  /** Something came: an event, or a heartbeat. */
  readonly onHeard: () => void
  readonly onEvent: EventListener
}

/** How a stream ended. */
export interface StreamEnd {
  /** For how many milliseconds it was open; 0 where it was refused, or nothing of it ever came. */
  readonly lasted: number
  /** After how many milliseconds the gateway wants to be asked again, where it said so. */
  readonly retryMilliseconds: number | undefined
}

/**
 * Reads the gateway's events until they end, and never rejects.
 *
 * By `fetch` and not by `EventSource`, which keeps heartbeats to itself: a connection that died under a closed lid looks open to it.
 */
export async function readEvents({ url, signal, silentMilliseconds, ...on }: Listening): Promise<StreamEnd> {
  const connection = new AbortController()
  const cut = () => connection.abort()
  signal.addEventListener('abort', cut)
  if (signal.aborted) cut()
  let openedAt: number | undefined
  let silence = setTimeout(() => {
    // Without a single word, though the gateway begins with one: something on the way keeps them.
    openedAt = undefined
    cut()
  }, silentMilliseconds)
  let retryMilliseconds: number | undefined
  const parse = createEventParser(on.onEvent, (milliseconds) => {
    retryMilliseconds = milliseconds
  })

  try {
    const response = await fetch(url, { headers: { Accept: 'text/event-stream' }, cache: 'no-store', signal: connection.signal })
    const isStream = response.ok && response.headers.get('Content-Type')?.startsWith('text/event-stream')
    if (!isStream) retryMilliseconds = waitOf(response.headers) || undefined
    else if (response.body) {
      openedAt = Date.now()
      on.onOpen()
      const reader = response.body.getReader()
      const decoder = new TextDecoder()
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(silence)
        silence = setTimeout(cut, silentMilliseconds)
        on.onHeard()
        parse(decoder.decode(piece.value, { stream: true }))
      }
    }
  } catch {
    // Cut, by us or on the way: the caller looks what has happened meanwhile, and comes back.
  } finally {
    clearTimeout(silence)
    signal.removeEventListener('abort', cut)
    // What was refused, or is no stream, is not read to its end.
    cut()
  }
  return { lasted: openedAt === undefined ? 0 : Date.now() - openedAt, retryMilliseconds }
}
