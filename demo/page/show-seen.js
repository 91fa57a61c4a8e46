/** Shows what any script on this page could read: the cookies it is given, and the two storages. */
export function showSeen() {
  say('cookie', document.cookie === '' ? "'' (empty)" : JSON.stringify(document.cookie))
  say('local', contentOf(localStorage))
  say('session', contentOf(sessionStorage))
}

function say(name, text) {
  document.querySelector(`[data-seen='${name}']`).textContent = text
}

function contentOf(storage) {
  return storage.length === 0 ? 'empty' : JSON.stringify({ ...storage })
}
