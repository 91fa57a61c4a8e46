/**
 * Calls `onPassed` once `milliseconds` have gone by, unless what it returns is called before. When the process itself was
 * held up, timers run before the sockets are read; so a deadline lets them be read once more, and what came in time counts.
 */
export function startDeadline(milliseconds: number, onPassed: () => void): () => void {
  let lastTurn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    lastTurn = setImmediate(onPassed)
  }, milliseconds)

  return function stop() {
    clearTimeout(timer)
    clearImmediate(lastTurn)
  }
}
