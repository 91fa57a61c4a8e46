import { jest } from '@jest/globals'

export const ORIGIN = 'https://app.example.com'

/** One request that the page made. */
export interface Asked {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal | undefined
}

/** What stands in for a browser around the client: a page, its address, and a network that answers as the test says. */
export interface FakeBrowser {
  /** Every request so far. */
  readonly asked: Asked[]
  /** Where the page was led. */
  readonly left: string[]
  /** Answers every request from now on; one that throws is a network that fails. */
  answer: (asked: Asked) => Response | Promise<Response>
  /** Hides or shows the page, and tells it. */
  readonly setHidden: (hidden: boolean) => void
  readonly page: EventTarget
  readonly window: EventTarget
}

/** Puts a browser's names where the client looks for them: each test file has globals of its own. */
export function fakeBrowser(): FakeBrowser {
  const page = new EventTarget()
  const window = new EventTarget()
  const browser: FakeBrowser = {
    asked: [],
    left: [],
    answer: () => new Response(undefined, { status: 503 }),
    setHidden(hidden) {
      Object.assign(page, { hidden })
      page.dispatchEvent(new Event('visibilitychange'))
    },
    page,
    window,
  }
  const url = new URL('/orders?open=yes#last', ORIGIN)
  const { origin, href, pathname, search, hash } = url
  Object.assign(page, { hidden: false, baseURI: href })
  const names = {
    document: page,
    location: { origin, href, pathname, search, hash, assign: (to: string) => void browser.left.push(to) },
    addEventListener: window.addEventListener.bind(window),
    fetch: jest.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = input instanceof Request ? input : undefined
      const asked = {
        url: new URL(input instanceof Request ? input.url : input, ORIGIN).href.replace(ORIGIN, ''),
        method: init?.method ?? request?.method ?? 'GET',
        headers: new Headers(init?.headers ?? request?.headers),
        signal: init?.signal ?? undefined,
      }
      browser.asked.push(asked)
      // As a body is read when it is sent: a second time it is not there.
      await request?.arrayBuffer()
      asked.signal?.throwIfAborted()
      return browser.answer(asked)
    }),
  }
  for (const [name, value] of Object.entries(names))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  return browser
}

/** Takes away what a browser may lack. */
export function withoutTabs(): void {
  Reflect.deleteProperty(globalThis, 'BroadcastChannel')
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
}

/** Gives the page tabs beside it, of which another one watches, unless this one is elected. Says what they tell this one; what it tells them stays with it. */
export function withOtherTabs(isElected = false): { readonly say: (message: unknown) => void; readonly told: unknown[] } {
  const told: unknown[] = []
  const channel = Object.assign(new EventTarget(), {
    postMessage: (message: unknown) => void told.push(message),
    close: () => {},
  })
  const names = {
    // oxlint-disable-next-line prefer-arrow-callback -- it is made with `new`
    BroadcastChannel: function join() {
      return channel
    },
    navigator: {
      locks: {
        request: (...[, , hold]: [string, unknown, () => Promise<void>]) => (isElected ? hold() : new Promise(() => undefined)),
      },
    },
  }
  for (const [name, value] of Object.entries(names)) Object.defineProperty(globalThis, name, { value, configurable: true })
  return { say: (data) => void channel.dispatchEvent(Object.assign(new Event('message'), { data })), told }
}

/** What `GET /bff/session` says of somebody, by a gateway whose clock is `aheadMilliseconds` ahead. */
export function toldSession(sub: string, idleSeconds = 3_600, aheadMilliseconds = 0) {
  const now = Date.now() + aheadMilliseconds
  return {
    authenticated: true,
    user: { sub },
    createdAt: '2026-03-02T08:00:00.000Z',
    idleExpiresAt: iso(now + idleSeconds * 1_000),
    absoluteExpiresAt: iso(now + 43_200_000),
    now: iso(now),
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

/** What it says when nobody is signed in. */
export function toldNobody(reason = 'none') {
  return { authenticated: false, reason, loginUrl: '/bff/login', now: new Date().toISOString() }
}

/** A stream that stays open: what is said into it, and its end. */
export function fakeStream() {
  const encoder = new TextEncoder()
  let speak: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (speak = controller) })
  return {
    response: (signal?: AbortSignal) => {
      signal?.addEventListener('abort', () => speak?.error(signal.reason))
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } })
    },
    say: (text: string) => speak?.enqueue(encoder.encode(text)),
    end: () => speak?.close(),
  }
}
