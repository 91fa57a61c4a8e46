const BY_COATCHECK = /^(authorization|via|forwarded|x-forwarded-.*|x-request-id|traceparent|tracestate)$/

const answer = document.querySelector('#answer')
const received = document.querySelector('#received')
const rows = document.querySelector('#headers')
const body = document.querySelector('#body')

/** Hides the last answer. */
export function clearAnswer() {
  answer.hidden = true
  rows.replaceChildren()
  body.textContent = ''
}

/** Shows an answer: which headers the API says it received, and the rest of what it said. */
export function showAnswer(content) {
  const { received: request, ...rest } = typeof content === 'object' && content !== null ? content : { answer: content }
  received.hidden = request === undefined
  if (request !== undefined) showHeaders(request.headers)
  body.textContent = JSON.stringify(rest, null, 2)
  answer.hidden = false
}

/** Adds a line to an answer that comes in pieces. */
export function addLine(line) {
  received.hidden = true
  answer.hidden = false
  body.textContent += `${line}\n`
}

function showHeaders(headers) {
  const names = Object.keys(headers).sort((a, b) => Number(BY_COATCHECK.test(b)) - Number(BY_COATCHECK.test(a)))
  const arrived = names.map((name) =>
    BY_COATCHECK.test(name) ? row(name, headers[name], 'Coatcheck', 'is-ours') : row(name, headers[name], 'your browser'),
  )
  const kept =
    headers.cookie === undefined ? [row('cookie', 'did not arrive: the ticket stays at the counter', '', 'is-kept')] : []
  rows.replaceChildren(...arrived, ...kept)
}

function row(name, value, origin, kind = '') {
  const line = document.createElement('tr')
  line.className = kind
  line.setAttribute('role', 'row')
  line.append(cell('th', name, 'rowheader'), cell('td', value, 'cell'), cell('td', origin, 'cell'))
  return line
}

function cell(tag, text, role) {
  const element = document.createElement(tag)
  if (tag === 'th') element.scope = 'row'
  element.setAttribute('role', role)
  element.textContent = text
  return element
}
