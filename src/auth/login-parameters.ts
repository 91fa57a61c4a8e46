import { GatewayError } from '../errors.ts'
import type { LoginRequest } from '../oidc/port.ts'
import { refuseDuplicates, valueOf } from './parameters.ts'

/** What a page may ask for when it starts a login (OpenID Connect Core §3.1.2.1), each by an allow list of its own; all else is dropped. */
export type LoginParameters = Pick<LoginRequest, 'prompt' | 'loginHint' | 'acrValues' | 'maxAgeSeconds' | 'uiLocales'>

const PROMPT = /^(?:none|(?:login|consent|select_account|create)(?: (?:login|consent|select_account|create))*)$/
const LOGIN_HINT = /^[^\u0000-\u001f\u007f]{1,255}$/
const ACR_VALUES = /^[\u0021\u0023-\u005b\u005d-\u007e]+(?: [\u0021\u0023-\u005b\u005d-\u007e]+){0,9}$/
const MAX_AGE = /^\d{1,9}$/
const UI_LOCALES = /^[A-Za-z0-9-]{1,35}(?: [A-Za-z0-9-]{1,35}){0,9}$/

export function parseLoginParameters(query: URLSearchParams): LoginParameters {
  refuseDuplicates(query)
  const prompt = allowed(query, 'prompt', PROMPT)
  const loginHint = allowed(query, 'loginHint', LOGIN_HINT)
  const acrValues = allowed(query, 'acrValues', ACR_VALUES)
  const maxAge = allowed(query, 'maxAge', MAX_AGE)
  const uiLocales = allowed(query, 'uiLocales', UI_LOCALES)
  return {
    ...(prompt === undefined ? {} : { prompt }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
    ...(uiLocales === undefined ? {} : { uiLocales }),
  }
}

function allowed(query: URLSearchParams, name: string, shape: RegExp): string | undefined {
  const value = valueOf(query, name)
  if (value === undefined || (value.length <= 1_000 && shape.test(value))) return value
  throw new GatewayError('request_invalid', { note: `${name} is not of its form` })
}
