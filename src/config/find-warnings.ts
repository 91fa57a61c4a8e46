import { isLoopback } from './is-loopback.ts'
import type { Settings } from './settings.ts'

/** What is allowed and deserves a word at each start. */
export interface Warning {
  readonly place: string
  readonly note: string
}

/** Everything that may be meant, but should not go unnoticed. */
export function* findWarnings(settings: Settings): Generator<Warning> {
  const { baseUrl, provider, store, routes, trustedProxies } = settings
  if (store.url.kind === 'memory') {
    yield {
      place: 'store.url',
      note: 'Sessions live in the memory of this process: a restart signs everybody out, and a second instance knows none of them.',
    }
  }
  if (!baseUrl.secure)
    yield {
      place: 'baseUrl',
      note: 'Browsers speak http here, so cookies have neither Secure nor a __Host- name: for development only.',
    }
  if (trustedProxies.length === 0 && baseUrl.secure) {
    yield {
      place: 'trustedProxies',
      note: "No proxy is trusted, so browsers' addresses are unknown behind one: limits per address are off for what it forwards.",
    }
  }
  if (provider.clientAuth === 'none') {
    yield {
      place: 'provider.clientAuth',
      note: 'The client is public: whoever knows its id can act as it at the provider. Register a confidential one.',
    }
  }
  if (provider.assumeS256) {
    yield {
      place: 'provider.assumeS256',
      note: 'S256 is taken for granted although the metadata may not list it: an exception from refusing such a provider.',
    }
  }
  if (!provider.scopes.includes('offline_access')) {
    yield {
      place: 'provider.scopes',
      note: 'offline_access is not asked for: where the provider then issues no refresh token, API calls end with the first access token.',
    }
  }
  if (routes.length === 0) yield { place: 'routes', note: 'Nothing is carried: there is no route.' }
  for (const [index, { upstream, token }] of routes.entries()) {
    if (token === 'user' && upstream.some(({ kind, hostname }) => kind === 'http' && !isLoopback(hostname))) {
      yield {
        place: `routes[${index}].upstream`,
        note: 'The access token travels over http to another host: fine only in a network that nobody else can listen to.',
      }
    }
  }
}
