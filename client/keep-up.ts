import type { Ask } from './ask.ts'
import { createCandidate } from './election.ts'
import { readEvents } from './event-stream.ts'
import { followPage } from './follow-page.ts'
import type { Knowledge, News } from './knowledge.ts'
import type { EventListener } from './parse-events.ts'
import { canTabsTalk, joinTabs, type Tabs } from './tabs.ts'
import { createWatch } from './watch.ts'

interface Steps {
  readonly eventsUrl: string
  readonly pollMilliseconds: number
  readonly silentMilliseconds: number
  readonly knowledge: Knowledge
  readonly ask: Ask
  readonly onEvent: EventListener
}

export interface KeepingUp {
  /** Tells the other tabs what was learnt here. */
  readonly tell: (news: News) => void
  /** Asks as `ask` does, and again after a while where nobody could say. */
  readonly look: Ask
  readonly stop: () => void
}

const BETWEEN_RETURNS_MILLISECONDS = 1_000
/** Where nobody could say, it is asked again after this time, and after twice as long each time, sixteen times at most. */
const RETRY_MILLISECONDS = 2_000

/**
 * Keeps this tab's knowledge true: one tab watches for all, and all tell each other what they learn.
 * Where browsers cannot talk between tabs or have no locks, each tab asks now and then by itself: those that lack the locks send no
 * Fetch metadata either, so that the gateway would refuse their streams, and a stream per tab uses up the connections of HTTP/1.1.
 */
export function keepUp({ eventsUrl, pollMilliseconds, silentMilliseconds, knowledge, ask, onEvent }: Steps): KeepingUp {
  const isTogether = canTabsTalk() && 'locks' in navigator
  let tabs: Tabs | undefined
  let heardAt = 0
  let saidAt = 0
  let lookedAt = 0
  let unanswered = 0

  const sayThere = () => {
    saidAt = Date.now()
    tabs?.tell({})
  }
  const onOpen = () => void ask()
  const watch = createWatch({
    listen: isTogether
      ? (signal) => readEvents({ url: eventsUrl, signal, silentMilliseconds, onOpen, onHeard: sayThere, onEvent })
      : undefined,
    ask() {
      sayThere()
      return ask()
    },
    knowledge,
    pollMilliseconds,
  })
  const candidate = isTogether
    ? createCandidate({ onElected: watch.begin, onOver: watch.end })
    : { stand: watch.begin, leave: watch.end, takeOver: () => undefined }

  const stop = followPage({
    onBegin() {
      heardAt = Date.now()
      tabs = isTogether
        ? joinTabs(({ news }) => {
            heardAt = Date.now()
            if (news) knowledge.consider(news)
          })
        : undefined
      candidate.stand()
      void look()
    },
    onEnd() {
      candidate.leave()
      tabs?.close()
      tabs = undefined
    },
    onReturn(isNetworkNew) {
      // Whoever watches may have slept as well, and gets its time to say so.
      heardAt = Date.now()
      if (unanswered === 0 && since(lookedAt) < BETWEEN_RETURNS_MILLISECONDS) return
      void look()
      watch.anew(isNetworkNew)
    },
    onTick() {
      if (unanswered > 0 && since(lookedAt) >= RETRY_MILLISECONDS * 2 ** Math.min(unanswered, 4)) void look()
      if (watch.isRunning) {
        // Between questions and tries that are far apart, it has heard nothing to pass on, and is no less awake.
        if (since(saidAt) > silentMilliseconds / 3) sayThere()
        return
      }
      if (since(heardAt) <= silentMilliseconds || knowledge.current.state === 'signed-out') return
      heardAt = Date.now()
      candidate.takeOver()
    },
  })

  return { tell: (news) => tabs?.tell({ news }), look, stop }

  /** Asks for this tab itself: whoever watches has nothing to say while nothing changes, and does not know what this one missed. */
  async function look(): Promise<boolean> {
    lookedAt = Date.now()
    const before = unanswered
    const isTold = await ask()
    unanswered = isTold ? 0 : before + 1
    return isTold
  }
}

/** In milliseconds; a clock that was set back keeps nobody waiting. */
function since(at: number): number {
  return Math.abs(Date.now() - at)
}
