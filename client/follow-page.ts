interface Life {
  /** The page is there, for the first time or again. */
  readonly onBegin: () => void
  /** The page is frozen, or kept for the way back: nothing in it runs, and nothing it holds may keep others waiting. */
  readonly onEnd: () => void
  /** Somebody looks at it again, or the network is back: what is known may be hours old. */
  readonly onReturn: (isNetworkNew: boolean) => void
  /** Every few seconds while the page is looked at. */
  readonly onTick: () => void
}

const TICK_MILLISECONDS = 5_000

/** Follows what browsers do to a page, from now until the returned function is called. */
export function followPage({ onBegin, onEnd, onReturn, onTick }: Life): () => void {
  const following = new AbortController()
  const { signal } = following
  let isThere = false
  let tickedAt = Date.now()
  const timer = setInterval(tick, TICK_MILLISECONDS)

  document.addEventListener('visibilitychange', () => document.hidden || onReturn(false), { signal })
  document.addEventListener('freeze', end, { signal })
  document.addEventListener('resume', begin, { signal })
  addEventListener('pagehide', end, { signal })
  addEventListener('pageshow', begin, { signal })
  addEventListener('focus', () => onReturn(false), { signal })
  addEventListener('online', () => onReturn(true), { signal })
  begin()

  return function unfollow() {
    following.abort()
    clearInterval(timer)
    end()
  }

  function begin(): void {
    if (!isThere) onBegin()
    isThere = true
  }

  function end(): void {
    if (isThere) onEnd()
    isThere = false
  }

  /** A machine that slept tells nobody; its clock does. Timers of hidden tabs are late by themselves, and mean nothing. */
  function tick(): void {
    const slept = Date.now() - tickedAt > 3 * TICK_MILLISECONDS
    tickedAt = Date.now()
    if (!isThere || document.hidden) return
    if (slept) onReturn(true)
    else onTick()
  }
}
