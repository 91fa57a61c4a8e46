import { coatcheck } from './coatcheck.js'
import { addLine, clearAnswer, showAnswer } from './show-answer.js'

const REASONS = {
  none: 'nobody is signed in.',
  expired: 'the session has run out.',
  idle: 'nothing happened for too long.',
  signed_out: 'the session was ended by signing out.',
  replaced: 'someone signed in again in this browser.',
  revoked: 'the session was ended from another device.',
  ended_by_provider: 'the sign-in service ended the session.',
  grant_refused: 'the sign-in service no longer renews the access.',
}

const outcome = document.querySelector('#outcome')
const counter = document.querySelector('.counter')

/** Makes one call and shows its answer. */
export async function callApi(method, path) {
  clearAnswer()
  say(`${method} ${path} is on its way…`)
  counter.classList.add('is-calling')
  const began = performance.now()
  try {
    const response = await coatcheck.fetch(path, optionsFor(method)).catch(() => undefined)
    if (response === undefined) {
      say('Coatcheck cannot be reached. Is the demo still running?')
      return
    }
    say(sentenceFor(response, performance.now() - began), response)
    await showBody(response)
  } catch {
    say('The answer broke off half-way. Call again.')
  } finally {
    counter.classList.remove('is-calling')
  }
}

function optionsFor(method) {
  if (method !== 'POST') return { method }
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ coat: 'grey', hat: true }) }
}

/** What Coatcheck itself answers has its code in a header, and its 401 the reason; no API can send either. */
function sentenceFor(response, milliseconds) {
  const reason = response.headers.get('Coatcheck-Reason')
  if (reason) return `Coatcheck did not carry the call: ${REASONS[reason] ?? reason}`
  if (response.status === 503) return 'Not at the moment. You are still signed in; try again in a few seconds.'
  if (!response.ok) {
    const isOurs = response.headers.has('Coatcheck-Code')
    return isOurs ? 'Coatcheck could not carry the call.' : 'The API itself failed; Coatcheck passed its answer on as it was.'
  }
  return `The API answered after ${Math.round(milliseconds)} ms.`
}

async function showBody(response) {
  const type = response.headers.get('Content-Type') ?? ''
  if (type.startsWith('text/event-stream')) return showStream(response)
  showAnswer(/[/+]json\b/.test(type) ? await response.json() : await response.text())
}

async function showStream(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    for (const line of piece.value.split('\n')) if (line.startsWith('data:')) addLine(line.slice(5).trim())
  }
}

function say(sentence, response) {
  outcome.replaceChildren()
  if (response !== undefined) {
    const status = document.createElement('strong')
    status.className = response.ok ? '' : 'is-refused'
    status.textContent = `${response.status}`
    outcome.append(status, ' ')
  }
  outcome.append(sentence)
}
