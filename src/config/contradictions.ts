import type { z } from 'zod'
import { writeDuration } from './parse-duration.ts'
import { findForwardAuthContradictions, findWorkerContradictions } from './forward-auth-contradictions.ts'
import { findRouteContradictions } from './route-contradictions.ts'
import { findSessionContradictions } from './session-contradictions.ts'
import { isSameAddress } from './same-address.ts'
import type { Settings } from './settings.ts'

/** Two settings that are fine alone and wrong together. */
export interface Contradiction {
  readonly path: readonly (string | number)[]
  readonly refused: string
  readonly write: string
}

/** Whether everything at and below these paths could be read; what could not is never held against something else. */
export type IsSound = (...paths: readonly string[]) => boolean

/** Adds every contradiction to what is wrong with the single settings; runs whether or not something is. */
export function checkContradictions(settings: Settings, context: z.RefinementCtx<Settings>): void {
  const broken = context.issues.flatMap(({ code, path = [] }) => (code === 'unrecognized_keys' ? [] : [path.join('.')]))
  const isSound: IsSound = (...paths) =>
    paths.every((path) => !broken.some((wrong) => isWithin(path, wrong) || isWithin(wrong, path)))
  for (const { path, refused, write } of [
    ...findSessionContradictions(settings, isSound),
    ...findContradictions(settings, isSound),
    ...findRouteContradictions(settings, isSound),
    ...findForwardAuthContradictions(settings, isSound),
    ...findWorkerContradictions(settings, isSound),
  ]) {
    context.issues.push({
      code: 'custom',
      path: [...path],
      message: refused,
      params: { write, contradicts: true },
      input: undefined,
    })
  }
}

function isWithin(path: string, outer: string): boolean {
  return `${path}.`.startsWith(`${outer}.`)
}

function* findContradictions(settings: Settings, isSound: IsSound): Generator<Contradiction> {
  const { provider, drain, listen, privateListen } = settings
  if (isSound('drain.delay', 'drain.deadline') && drain.delay > drain.deadline) {
    yield {
      path: ['drain', 'delay'],
      refused: `is longer than drain.deadline (${writeDuration(drain.deadline)}), which counts from the same moment.`,
      write: `${writeDuration(drain.deadline)} or less, or a longer drain.deadline`,
    }
  }
  if (isSound('listen', 'privateListen') && isSameAddress(listen, privateListen)) {
    yield {
      path: ['privateListen'],
      refused: 'is the address of the public listener; metrics and administration are never on it.',
      write: 'another port, such as 127.0.0.1:9090',
    }
  }
  if (isSound('store.url', 'store.passwordFile', 'store.sentinelPassword')) yield* findStoreContradictions(settings.store)
  if (isSound('provider.clientAuth', 'provider.clientSecret')) yield* findClientContradictions(provider)
  if (isSound('provider.clientSecret', 'secrets') && provider.clientSecret !== undefined) {
    const shared = provider.clientSecret.reveal()
    if (settings.secrets.some((secret) => secret.reveal() === shared)) {
      yield {
        path: ['secrets'],
        refused: 'holds the client secret, which the provider knows too.',
        write: 'keys that are used for nothing else',
      }
    }
  }
  if (isSound('admin.secret', 'secrets', 'provider.clientSecret') && settings.admin.secret !== undefined) {
    const others = [...settings.secrets, ...(provider.clientSecret ? [provider.clientSecret] : [])]
    const shown = settings.admin.secret.reveal()
    if (others.some((secret) => secret.reveal() === shown)) {
      yield {
        path: ['admin', 'secret'],
        refused: 'is used for something else too; this one is sent over the network.',
        write: 'a secret that is used for nothing else',
      }
    }
  }
  if (isSound('secrets') && new Set(settings.secrets.map((secret) => secret.reveal())).size < settings.secrets.length) {
    yield {
      path: ['secrets'],
      refused: 'holds the same key twice.',
      write: 'each key once: the newest first, then the older ones',
    }
  }
}

function* findClientContradictions({ clientAuth, clientSecret }: Settings['provider']): Generator<Contradiction> {
  if (clientAuth === 'none' && clientSecret !== undefined) {
    yield {
      path: ['provider', 'clientAuth'],
      refused: 'is none, which means a client without a secret, but there is a secret.',
      write: 'auto; or, if the provider knows a public client, leave out the secret',
    }
  }
  if (clientAuth !== 'none' && clientSecret === undefined) {
    yield {
      path: ['provider', 'clientSecret'],
      refused: 'is missing or empty.',
      write: 'the secret that the provider made for this client, here or in a file (COATCHECK_CLIENT_SECRET_FILE)',
    }
  }
}

function* findStoreContradictions({ url, passwordFile, sentinelPassword }: Settings['store']): Generator<Contradiction> {
  if (passwordFile !== undefined && (url.kind === 'memory' || url.holdsPassword)) {
    yield {
      path: ['store', 'passwordFile'],
      refused:
        url.kind === 'memory'
          ? 'is the password of no Redis: the store is memory:.'
          : 'is there, and the URL holds a password too.',
      write: 'one of the two: a URL without a password, or no file',
    }
  }
  if (sentinelPassword !== undefined && (url.kind === 'memory' || url.sentinel === undefined)) {
    yield {
      path: ['store', 'sentinelPassword'],
      refused: 'is there, but the URL names no sentinels.',
      write: 'a URL with redis+sentinel:// or rediss+sentinel://, or leave it out',
    }
  }
}
