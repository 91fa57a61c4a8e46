// `host` and `connection` belong to one hop each: the API gets the gateway's own, whatever the browser said.
const BY_COATCHECK = /^(authorization|via|forwarded|x-forwarded-.*|x-request-id|traceparent|tracestate|host|connection)$/

const answer = document.querySelector('#answer')
const received = document.querySelector('#received')
const rows = document.querySelector('#headers')
const browserRows = document.querySelector('#browser-headers')
const passedOn = document.querySelector('#passed-on')
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
  const { authorization, cookie, ...others } = headers
  const names = Object.keys(others)
  const theirs = names.filter((name) => !BY_COATCHECK.test(name))
  rows.replaceChildren(
    authorization === undefined
      ? row('authorization', 'did not arrive', '', 'is-kept')
      : row('authorization', authorization, 'Coatcheck', 'is-ours'),
    cookie === undefined
      ? row('cookie', 'did not arrive: the ticket stays at the counter', '–', 'is-kept')
      : row('cookie', cookie, 'your browser'),
    ...names.filter((name) => BY_COATCHECK.test(name)).map((name) => row(name, others[name], 'Coatcheck', 'is-ours')),
  )
  browserRows.replaceChildren(...theirs.map((name) => row(name, others[name], 'your browser')))
  passedOn.hidden = theirs.length === 0
  passedOn.querySelector('summary').textContent = `and ${theirs.length} from your browser, passed on as they were`
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
