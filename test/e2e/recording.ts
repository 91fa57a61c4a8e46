import type { CDPSession, Page } from 'playwright-core'

/** Something that a browser saw or sent: a body, or the headers and addresses of a message. */
export interface Piece {
  readonly url: string
  readonly kind: string
  readonly text: string
}

export interface Recording {
  readonly pieces: readonly Piece[]
  /** Adds what is in the page now, and in every place where its scripts could keep something. */
  readonly lookAround: () => Promise<void>
}

const WIRE_EVENTS = [
  'Network.requestWillBeSent',
  'Network.requestWillBeSentExtraInfo',
  'Network.responseReceived',
  'Network.responseReceivedExtraInfo',
  'Network.responseReceivedEarlyHints',
  'Network.webSocketFrameReceived',
  'Network.eventSourceMessageReceived',
] as const

const EVERYWHERE = `JSON.stringify([document.documentElement.outerHTML, document.cookie, location.href, document.referrer,
  { ...localStorage }, { ...sessionStorage }, history.state, window.name])`

/** Records every byte that a page's browser sees, as Chromium's own network stack tells it: scripts learn less than this. */
export async function recordEverything(page: Page): Promise<Recording> {
  const pieces: Piece[] = []
  const urls = new Map<string, string>()
  const wire = await page.context().newCDPSession(page)

  for (const event of WIRE_EVENTS) {
    wire.on(event, (told: { readonly requestId: string; readonly request?: { readonly url: string } }) => {
      const before = urls.get(told.requestId) ?? ''
      if (told.request !== undefined) urls.set(told.requestId, told.request.url)
      // Told together with the request that follows a redirect, but said by the address before.
      const { redirectResponse, ...rest } = { redirectResponse: undefined, ...told }
      if (redirectResponse !== undefined) pieces.push({ url: before, kind: 'redirect', text: JSON.stringify(redirectResponse) })
      pieces.push({ url: urls.get(told.requestId) ?? '', kind: event, text: JSON.stringify(rest) })
    })
  }
  await wire.send('Network.enable')
  await recordBodies(wire, pieces)

  return {
    pieces,
    lookAround: async () => {
      pieces.push({ url: page.url(), kind: 'page', text: await page.evaluate<string>(EVERYWHERE) })
      pieces.push({ url: page.url(), kind: 'cookies', text: JSON.stringify(await page.context().cookies()) })
    },
  }
}

/** Each answer is held until its body is read: a navigation would throw it away. */
async function recordBodies(wire: CDPSession, pieces: Piece[]): Promise<void> {
  wire.on('Fetch.requestPaused', ({ requestId, request: { url }, responseStatusCode = 0 }) => {
    void (async () => {
      if (responseStatusCode < 300 || responseStatusCode > 399) {
        const { body, base64Encoded } = await wire.send('Fetch.getResponseBody', { requestId })
        pieces.push({ url, kind: 'body', text: base64Encoded ? Buffer.from(body, 'base64').toString() : body })
      }
      await wire.send('Fetch.continueRequest', { requestId })
    })().catch((error: unknown) => {
      // Chromium forgets the id of a request that a navigation has cancelled: nobody was given its answer.
      if (!String(error).includes('Invalid InterceptionId')) pieces.push({ url, kind: 'unread', text: String(error) })
    })
  })
  await wire.send('Fetch.enable', { patterns: [{ urlPattern: '*', requestStage: 'Response' }] })
}
