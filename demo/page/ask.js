/**
 * Asks the gateway or, through it, the API. The header proves that the question comes from this page: no other site can send it
 * without asking first. The cookie travels by itself; nothing here ever sees it.
 */
export async function ask(path, options = {}) {
  const headers = new Headers(options.headers)
  headers.set('X-CSRF', '1')
  try {
    const response = await fetch(path, { ...options, headers, cache: 'no-store' })
    return { kind: kindOf(response), response }
  } catch (error) {
    return { kind: 'unreachable', error }
  }
}

/** Only the counter's own 401 says "signed out": an API may have reasons of its own to answer 401. */
function kindOf(response) {
  if (response.headers.has('Coatcheck-Reason')) return 'signed-out'
  if (response.status === 503) return 'later'
  return response.ok ? 'answered' : 'failed'
}
