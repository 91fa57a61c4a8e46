// What every app behind Coatcheck does: ask who is signed in, and lead to the sign-in and back to where the person is.
const answer = await fetch('/bff/session', { headers: { 'X-CSRF': '1' } })
const { authenticated, user } = await answer.json()
document.querySelector('#who').value = authenticated ? user.sub : 'nobody'
document.querySelector('#sign-in').href =
  `/bff/login?returnTo=${encodeURIComponent(location.pathname + location.search + location.hash)}`
