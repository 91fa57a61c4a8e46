import { Agent, request as send, type IncomingHttpHeaders } from 'node:http'
import { until } from './until.ts'

/** An event as a page gets it. */
export interface PageEvent {
  readonly event: string
  /** The id that the browser would come back with after it. */
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

/** An open event stream, read by the rules of HTML ("server-sent events"). */
export interface EventClient {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Everything that has come, comments included. */
  readonly text: () => string
  readonly events: () => readonly PageEvent[]
  /** What the browser would come back with now. */
  readonly lastEventId: () => string
  /** Resolves with the first event of this name. */
  readonly told: (event: string) => Promise<PageEvent>
  readonly isOver: () => boolean
  /** Resolves with all events once the stream has ended. */
  readonly ended: () => Promise<readonly PageEvent[]>
  /** Goes away. */
  readonly close: () => void
}

interface Asked {
  readonly port: number
  readonly host: string
  readonly cookie?: string | undefined
  readonly lastEventId?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Opens `GET /bff/events` as a browser would; resolves with its headers, whatever the status. */
export async function openEvents({ port, host, cookie, lastEventId, headers = {} }: Asked): Promise<EventClient> {
  const sent = {
    Host: host,
    Accept: 'text/event-stream',
    'Sec-Fetch-Site': 'same-origin',
    ...(cookie === undefined ? {} : { Cookie: cookie }),
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    ...headers,
  }
  const agent = new Agent()
  const { promise, resolve, reject } = Promise.withResolvers<EventClient>()
  const asked = send({ agent, host: '127.0.0.1', port, path: '/bff/events', headers: sent }, (answer) => {
    let text = ''
    let isOver = false
    answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    answer.on('error', () => undefined).on('close', () => (isOver = true))
    resolve({
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      text: () => text,
      events: () => readEvents(text).events,
      lastEventId: () => readEvents(text).lastEventId,
      async told(event) {
        const find = () => readEvents(text).events.find((each) => each.event === event)
        await until(`the page is told ${event}`, () => find() !== undefined)
        const found = find()
        if (!found) throw new Error('A told event is there.')
        return found
      },
      isOver: () => isOver,
      async ended() {
        await until('the stream is over', () => isOver)
        return readEvents(text).events
      },
      close: () => asked.destroy(),
    })
  })
  asked.on('error', reject).end()
  return promise
}

/** A block without data dispatches nothing, and its id counts all the same. */
function readEvents(text: string): { readonly events: readonly PageEvent[]; readonly lastEventId: string } {
  let lastEventId = ''
  const events = text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      lastEventId = field('id') ?? lastEventId
      const data = field('data')
      return data === undefined ? [] : [{ event: field('event') ?? 'message', id: lastEventId, data: JSON.parse(data) }]
    })
  return { events, lastEventId }
}
