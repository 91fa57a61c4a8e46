import { parseSeconds } from './parse-seconds.ts'

/** Members that RFC 6749 §5.1 makes optional; where they make no sense they are as good as absent. */
const OPTIONAL_TEXTS = ['refresh_token', 'scope', 'id_token'] as const

/**
 * Puts token answers in order before the library reads them, since the library refuses a whole sign-in for an `expires_in` that makes no
 * sense or a `refresh_token` that is null. All other answers stay as they are.
 */
export function createTidyTokenAnswers(tokenEndpoint: string | undefined) {
  const href = tokenEndpoint === undefined ? undefined : URL.parse(tokenEndpoint)?.href
  return function tidy(body: Buffer<ArrayBuffer>, url: string, status: number): Buffer<ArrayBuffer> | string {
    return url === href && status === 200 ? tidyTokenAnswer(body.toString('utf8')) : body
  }
}

/** RFC 6749 §5.1 recommends `expires_in` and does not require it. The same answer with `expires_in` a positive number, a year at most, or absent, and optional texts absent where they are none. */
export function tidyTokenAnswer(text: string): string {
  const answer = parseObject(text)
  if (answer === undefined) return text

  const { expires_in: told, ...rest } = answer
  const seconds = parseSeconds(told)
  const members = Object.entries(rest).filter(([name, value]) => !OPTIONAL_TEXTS.some((text) => text === name) || isText(value))
  return JSON.stringify(Object.fromEntries(seconds === undefined ? members : [...members, ['expires_in', seconds]]))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    // Not ours to judge: the library says what is wrong with it.
    return undefined
  }
}
