const person = (name) => document.querySelectorAll(`[data-person='${name}']`)

const SHOWN = { unknown: 'asking', 'signed-in': 'in', 'signed-out': 'out' }

/** Shows who is signed in, and until when. */
export function showSession(session) {
  document.body.dataset.state = SHOWN[session.state]
  const user = session.user ?? {}
  const name = user.name ?? user.sub ?? ''
  say(person('name'), name)
  say(person('initials'), initialsOf(name))
  say(person('email'), user.email ?? '')
  say(person('role'), user.role ?? '')
  for (const element of document.querySelectorAll('[data-time]')) element.textContent = timeOf(session[element.dataset.time])
}

function say(elements, text) {
  for (const element of elements) element.textContent = text
}

function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('')
}

/** A time as people say it: the hour today, with the day on any other day. */
function timeOf(milliseconds) {
  if (!milliseconds) return ''
  const time = new Date(milliseconds)
  const today = time.toDateString() === new Date().toDateString()
  const day = today ? {} : { month: 'short', day: 'numeric' }
  return new Intl.DateTimeFormat(undefined, { ...day, hour: 'numeric', minute: '2-digit' }).format(time)
}
