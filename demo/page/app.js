import { callApi } from './call-api.js'
import { coatcheck } from './coatcheck.js'
import { showSeen } from './show-seen.js'
import { showSession } from './show-session.js'
import { showWarning } from './show-warning.js'

/** For so long the page says that it is asking, before it says that nobody answers. */
const PATIENCE_MILLISECONDS = 3_000

const notice = document.querySelector('#notice')
let isLeaving = false

/** Shows what is known. An end that this tab did not ask for is told. */
function show(session) {
  const wasIn = document.body.dataset.state === 'in'
  showSession(session)
  showWarning(session)
  showSeen()
  if (wasIn && session.state === 'signed-out' && !isLeaving)
    tell('You are signed out. It happened in another tab, or the session came to its end.')
  else tell('')
}

function tell(sentence) {
  if (notice.textContent !== sentence) notice.textContent = sentence
}

/** Runs a deed once at a time: a second press while it runs does nothing. */
function onPress(button, deed) {
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-disabled', 'true')
    await deed().finally(() => button.removeAttribute('aria-disabled'))
  })
}

async function signOut() {
  isLeaving = true
  try {
    await coatcheck.logout()
  } catch {
    isLeaving = false
    tell('Signing out did not work just now. You are still signed in; try again in a few seconds.')
  }
}

async function stay() {
  try {
    await coatcheck.extend()
  } catch {
    tell('That did not reach the counter. You are still signed in; try again in a few seconds.')
  }
}

async function look() {
  showSeen()
}

const calls = document.querySelectorAll('[data-call]')
for (const button of calls) {
  const [method, path] = button.dataset.call.split(' ')
  onPress(button, async () => {
    for (const other of calls) other.setAttribute('aria-current', `${other === button}`)
    await callApi(method, path)
    // A call moves the idle end, which stands on this page.
    await coatcheck.refresh()
  })
}
document.querySelector("[data-action='first-call']").addEventListener('click', () => {
  calls[0].scrollIntoView({ block: 'center' })
  calls[0].focus({ preventScroll: true })
  calls[0].click()
})
for (const [name, deed] of Object.entries({ 'sign-out': signOut, leave: signOut, extend: stay, stay, look }))
  onPress(document.querySelector(`[data-action='${name}']`), deed)

coatcheck.session.subscribe(show)
// Whatever this page shows is the other person's.
coatcheck.onUserChanged(() => location.reload())
show(coatcheck.session.current)
setTimeout(() => {
  if (coatcheck.session.current.state === 'unknown')
    tell('The counter cannot say at the moment who is signed in. This page goes on asking.')
}, PATIENCE_MILLISECONDS)
