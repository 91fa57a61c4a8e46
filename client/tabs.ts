import type { News } from './knowledge.ts'

/** The name that tabs of one origin talk, and take turns, under. */
export const NAME = 'coatcheck'

/** What tabs tell each other: news, or nothing but that the teller is there. */
export interface Message {
  readonly news?: News
}

export interface Tabs {
  /** Tells all other tabs. */
  readonly tell: (message: Message) => void
  readonly close: () => void
}

/** Joins the other tabs of this origin; alone where the browser has no way to talk to them. */
export function joinTabs(onMessage: (message: Message) => void): Tabs {
  if (!('BroadcastChannel' in globalThis)) return { tell: () => undefined, close: () => undefined }
  const channel = new BroadcastChannel(NAME)
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => onMessage(data))
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is heard by its own origin alone
    tell: (message) => channel.postMessage(message),
    close: () => channel.close(),
  }
}
