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

/** Whether tabs can talk to each other: old browsers have no way, and one that blocks what sites keep may refuse it. */
export function canTabsTalk(): boolean {
  try {
    new BroadcastChannel(NAME).close()
    return true
  } catch {
    return false
  }
}

/** Joins the other tabs of this origin. */
export function joinTabs(onMessage: (message: Message) => void): Tabs {
  const channel = new BroadcastChannel(NAME)
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => onMessage(data))
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is heard by its own origin alone
    tell: (message) => channel.postMessage(message),
    close: () => channel.close(),
  }
}
