import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Response } from 'express'
import { cookieValues } from '../security/cookie-header.ts'
import type { Sealer } from '../store/sealing.ts'
import type { Store } from '../store/port.ts'

const HANDLE_LIFETIME_MILLISECONDS = 60_000
const COOKIE_LIFETIME_MILLISECONDS = 10 * 60_000
const SHAPE = /^[A-Za-z0-9_-]{43}$/

/** The secret that ties a logout to the browser that asked for it, from the POST to the way back from the provider. */
export type LogoutBinding = string & { readonly __brand: 'LogoutBinding' }

/** Where a logout goes on: kept here, behind a handle of one use, so that no id token passes a script. */
export interface LogoutContinuations {
  readonly makeBinding: () => LogoutBinding
  /** The `state` of the logout request, known from the binding alone (RP-Initiated Logout §2). */
  readonly stateOf: (binding: LogoutBinding) => string
  /** Keeps `url` for a minute and hands the binding out; answers the handle. */
  readonly keep: (response: Response, url: URL, binding: LogoutBinding) => Promise<string>
  /** Taken, not read; undefined for another browser, a second time, or too late. */
  readonly take: (request: IncomingMessage, handle: string) => Promise<URL | undefined>
  /** Ends the way back: forgets the binding, and answers whether `state` is what belongs to it; nothing is, where nobody went away. */
  readonly close: (request: IncomingMessage, response: Response, state: string | undefined) => boolean
}

export function createLogoutContinuations({
  store,
  sealer,
  namespace,
  cookieName,
  secure,
}: {
  readonly store: Pick<Store, 'write' | 'take'>
  readonly sealer: Sealer
  readonly namespace: string
  readonly cookieName: string
  readonly secure: boolean
}): LogoutContinuations {
  // Lax, since the provider's redirect back comes from another site.
  const attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const
  const nameOf = (handle: string, binding: string) => `${namespace}:logout:${hash(handle, binding)}`
  const read = (request: IncomingMessage): LogoutBinding | undefined => {
    const [value, another] = cookieValues(request.headers.cookie, cookieName)
    return value !== undefined && another === undefined && SHAPE.test(value) ? (value as LogoutBinding) : undefined
  }

  return {
    makeBinding: () => randomBytes(32).toString('base64url') as LogoutBinding,
    stateOf,
    async keep(response, url, binding) {
      const handle = randomBytes(32).toString('base64url')
      const name = nameOf(handle, binding)
      await store.write(name, sealer.seal('logout', name, url.href, handle), HANDLE_LIFETIME_MILLISECONDS)
      response.cookie(cookieName, binding, { ...attributes, maxAge: COOKIE_LIFETIME_MILLISECONDS })
      return handle
    },
    async take(request, handle) {
      const binding = read(request)
      if (!binding || !SHAPE.test(handle)) return undefined
      const name = nameOf(handle, binding)
      const sealed = await store.take(name)
      const opened = sealed === undefined ? undefined : sealer.open('logout', name, sealed, handle)
      return opened?.kind === 'opened' ? new URL(opened.plaintext) : undefined
    },
    close(request, response, state) {
      const binding = read(request)
      if (binding) response.clearCookie(cookieName, attributes)
      return state === (binding && stateOf(binding))
    },
  }
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}

function stateOf(binding: LogoutBinding): string {
  return hash('state', binding)
}
