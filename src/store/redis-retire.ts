import { requireLifetime } from './lifetime.ts'
import type { Store } from './port.ts'
import type { Changes } from './redis-changes.ts'
import { readNumber } from './redis-replies.ts'
import { RETIRE, runScript } from './redis-scripts.ts'

/** `Store.retire` over Redis: it should outlive a failover, or what is on its way out would come back. */
export function createRedisRetire(changeLastingly: Changes['changeLastingly']): Store['retire'] {
  return function retire({ kept, milliseconds, removed }, { key, value, lifetimeMilliseconds }) {
    const all = [key, ...kept, ...removed]
    const lifetimes = [requireLifetime(lifetimeMilliseconds), requireLifetime(milliseconds)].map(String)
    const args = [value, ...lifetimes, String(kept.length)]
    return changeLastingly('retire', all, async (send) => readNumber(await runScript(send, RETIRE, all, args)) === 1, isGoing)
  }
}

function isGoing(answer: boolean): boolean {
  return answer
}
