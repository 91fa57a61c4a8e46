import { callApi } from './call-api.js'
import { endSession, extendSession, readSession } from './session.js'
import { showSeen } from './show-seen.js'
import { showSession } from './show-session.js'

const notice = document.querySelector('#notice')

/** Asks who is signed in and shows it. An end that this tab did not ask for is told. */
async function refresh() {
  const before = document.body.dataset.state
  const answer = await readSession()
  showSession(answer)
  showSeen()
  if (answer.state === 'unknown')
    tell('The counter cannot say at the moment who is signed in. Nothing is lost; try again in a few seconds.')
  else if (before === 'in' && answer.state === 'out')
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
  const next = await endSession()
  if (next === undefined) tell('Signing out did not work just now. You are still signed in; try again in a few seconds.')
  else location.assign(next)
}

async function extend() {
  await extendSession()
  await refresh()
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
    await refresh()
  })
}
document.querySelector("[data-action='first-call']").addEventListener('click', () => {
  calls[0].scrollIntoView({ block: 'center' })
  calls[0].focus({ preventScroll: true })
  calls[0].click()
})
onPress(document.querySelector("[data-action='sign-out']"), signOut)
onPress(document.querySelector("[data-action='extend']"), extend)
onPress(document.querySelector("[data-action='look']"), look)

// Another tab may have signed in or out meanwhile; a page from the back-forward cache may be hours old.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh()
})
addEventListener('focus', () => void refresh())
addEventListener('pageshow', () => void refresh())
