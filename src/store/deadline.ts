/**
 * Calls `onPassed` once `milliseconds` have gone by, unless it is stopped before. When the process itself was held up, what
 * had arrived in time is read first: a late timer gives way to one turn of the event loop.
 */
export function startDeadline(milliseconds: number, onPassed: () => void): () => void {
  let lastTurn: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    lastTurn = setImmediate(onPassed)
  }, milliseconds)

  return function stop() {
    clearTimeout(timer)
    if (lastTurn) clearImmediate(lastTurn)
  }
}
