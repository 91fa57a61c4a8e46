import type { Contradiction, IsSound } from './contradictions.ts'
import { isSameAddress } from './same-address.ts'
import type { Settings } from './settings.ts'

/** What is wrong between forward-auth and the rest, and between several workers and the rest. */
export function* findForwardAuthContradictions(settings: Settings, isSound: IsSound): Generator<Contradiction> {
  const { forwardAuth, listen, privateListen, provider } = settings
  if (isSound('forwardAuth.listen', 'forwardAuth.peers') && forwardAuth.listen !== undefined && forwardAuth.peers.length === 0) {
    yield {
      path: ['forwardAuth', 'listen'],
      refused: 'is a listener that nobody may ask: forwardAuth.peers is empty.',
      write: 'the addresses of your proxies in forwardAuth.peers, or no listener',
    }
  }
  for (const [path, other] of [
    ['listen', listen],
    ['privateListen', privateListen],
  ] as const) {
    if (isSound('forwardAuth.listen', path) && forwardAuth.listen !== undefined && isSameAddress(forwardAuth.listen, other)) {
      yield {
        path: ['forwardAuth', 'listen'],
        refused: `is the address of ${path}.`,
        write: 'another port, such as 127.0.0.1:9091; or leave it out, and the private listener answers /authorize too',
      }
    }
  }
  if (!isSound('forwardAuth.identityHeaders')) return
  const names = forwardAuth.identityHeaders.map((word) => word.split('=', 1)[0]?.toLowerCase())
  if (new Set(names).size < names.length) {
    yield { path: ['forwardAuth', 'identityHeaders'], refused: 'gives one header two claims.', write: 'each header once' }
  }
  if (!isSound('provider.claims')) return
  const unknown = forwardAuth.identityHeaders
    .map((word) => word.split('=')[1] ?? '')
    .filter((claim) => !provider.claims.includes(claim))
  if (unknown.length > 0) {
    yield {
      path: ['forwardAuth', 'identityHeaders'],
      refused: 'names a claim that is not kept: only those of provider.claims are.',
      write: 'a claim of provider.claims, or add it there',
    }
  }
}

/** Several processes share nothing but the store. */
export function* findWorkerContradictions({ workers, store }: Settings, isSound: IsSound): Generator<Contradiction> {
  if (isSound('workers', 'store.url') && workers !== 1 && store.url.kind === 'memory') {
    yield {
      path: ['workers'],
      refused: 'is more than one while sessions live in the memory of one process: the others would know none of them.',
      write: '1; or a Redis in store.url, which all of them share',
    }
  }
}
