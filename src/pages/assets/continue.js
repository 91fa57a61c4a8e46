// The session cookie is withheld from pages that another site led to; from this page's own requests it is not.
const link = document.querySelector('[data-continue]')
const waiting = document.querySelector('[data-waiting]')

try {
  const answer = await fetch(link.dataset.session, { headers: { 'X-CSRF': '1' } })
  const session = answer.ok ? await answer.json() : undefined
  if (session?.authenticated) location.replace(link.href)
  else if (session) waiting.textContent = 'You are not signed in yet.'
  else waiting.textContent = 'Whether you are signed in cannot be told at the moment.'
} catch {
  waiting.textContent = 'Whether you are signed in cannot be told at the moment.'
}
