const warning = document.querySelector('#warning')
const left = document.querySelector('#left')

let ticking

/** Shows that the session is about to end, with the time that is left, until it is no longer so. */
export function showWarning({ expiring, idleExpiresAt, absoluteExpiresAt }) {
  clearInterval(ticking)
  warning.hidden = !expiring
  if (!expiring) return
  const end = Math.min(idleExpiresAt, absoluteExpiresAt)
  const tick = () => (left.textContent = clockOf(end - Date.now()))
  tick()
  ticking = setInterval(tick, 1000)
}

function clockOf(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
