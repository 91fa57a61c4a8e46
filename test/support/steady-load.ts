import { setTimeout as pause } from 'node:timers/promises'
import type { Browser } from './browser.ts'

/** An answer under load. */
export interface LoadAnswer {
  readonly at: number
  readonly status: number
  /** The code of a refusal. */
  readonly code: string | undefined
  readonly setsCookie: boolean
}

/** Several browsers that call the same address for as long as nobody stops them, each some twenty times a second. */
export function startLoad(
  browsers: readonly Browser[],
  url: string,
): { readonly answers: readonly LoadAnswer[]; readonly stop: () => Promise<void> } {
  const answers: LoadAnswer[] = []
  const stopping = new AbortController()

  async function callSteadily(browser: Browser): Promise<void> {
    while (!stopping.signal.aborted) {
      const answer = await browser.fetch(url)
      const refusal: unknown = answer.status >= 400 ? answer.json() : undefined
      const code = typeof refusal === 'object' && refusal !== null && 'code' in refusal ? String(refusal.code) : undefined
      answers.push({ at: Date.now(), status: answer.status, code, setsCookie: answer.setCookies.length > 0 })
      await pause(40)
    }
  }

  const calling = Promise.all(browsers.map(callSteadily))
  // Told by `stop`; until then it must not end the process.
  calling.catch(() => undefined)
  return {
    answers,
    async stop() {
      stopping.abort()
      await calling
    },
  }
}
