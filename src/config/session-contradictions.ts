import type { Contradiction, IsSound } from './contradictions.ts'
import { writeDuration } from './parse-duration.ts'
import type { Settings } from './settings.ts'

/** Timeouts that could never take effect, and rules that say nothing. */
export function* findSessionContradictions({ session }: Settings, isSound: IsSound): Generator<Contradiction> {
  if (!isSound('session.idleTimeout', 'session.absoluteTimeout')) return
  const { idleTimeout, absoluteTimeout } = session
  if (idleTimeout > absoluteTimeout) yield neverTakesEffect(['idleTimeout'], 'session.absoluteTimeout', absoluteTimeout)
  if (!isSound('session.rules')) return
  for (const [index, rule] of session.rules.entries()) {
    if (rule.idleTimeout === undefined && rule.absoluteTimeout === undefined) {
      yield {
        path: ['session', 'rules', index],
        refused: 'says no timeout.',
        write: 'an idleTimeout, an absoluteTimeout, or both',
      }
    }
    if (rule.absoluteTimeout !== undefined && rule.absoluteTimeout > absoluteTimeout)
      yield neverTakesEffect(['rules', index, 'absoluteTimeout'], 'session.absoluteTimeout', absoluteTimeout)
    if (rule.idleTimeout === undefined) continue
    const own = rule.absoluteTimeout ?? Infinity
    if (rule.idleTimeout > idleTimeout)
      yield neverTakesEffect(['rules', index, 'idleTimeout'], 'session.idleTimeout', idleTimeout)
    else if (rule.idleTimeout > own) yield neverTakesEffect(['rules', index, 'idleTimeout'], "this rule's absoluteTimeout", own)
  }
}

/** The strictest wins, so that what is longer is never reached. */
function neverTakesEffect(path: readonly (string | number)[], than: string, most: number): Contradiction {
  const written = writeDuration(most)
  return {
    path: ['session', ...path],
    refused: `is longer than ${than} (${written}), so it could never take effect.`,
    write: `${written} or less, or a longer ${than.replace(/^this rule's /, '')}`,
  }
}
