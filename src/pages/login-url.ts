import type { AuthenticationLevel } from '../session/authentication-level.ts'

interface Asked {
  readonly returnTo?: string | undefined
  /** The sign-in that is needed. */
  readonly level?: AuthenticationLevel | undefined
}

/** Where to sign in; relative, and everything in it encoded. */
export function loginUrl(prefix: string, { returnTo, level }: Asked = {}): string {
  const parameters = [
    ...(level === undefined || level.acr.length === 0 ? [] : [`acrValues=${encodeURIComponent(level.acr.join(' '))}`]),
    ...(level?.maxAgeSeconds === undefined ? [] : [`maxAge=${level.maxAgeSeconds}`]),
    ...(returnTo === undefined ? [] : [`returnTo=${encodeURIComponent(returnTo)}`]),
  ]
  return parameters.length === 0 ? `${prefix}/login` : `${prefix}/login?${parameters.join('&')}`
}
