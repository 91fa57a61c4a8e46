// What an app writes that uses the client. The address says how often to ask, so that nobody has to wait for half a minute.
// oxlint-disable-next-line import/no-absolute-path -- an address of the origin, as the documentation writes it
import { createCoatcheck } from '/bff/client.js'

const options = [...new URLSearchParams(location.search)].map(([name, value]) => [name, Number(value)])
const coatcheck = createCoatcheck(Object.fromEntries(options))
globalThis.coatcheck = coatcheck
globalThis.others = []

coatcheck.session.subscribe(show)
coatcheck.onUserChanged(({ user }) => globalThis.others.push(user.sub))
show(coatcheck.session.current)

function show(session) {
  document.querySelector('#who').value = session.user?.sub ?? session.reason ?? session.state
  document.querySelector('#warning').value = session.expiring ? 'expiring' : ''
}
