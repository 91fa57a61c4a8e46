/** A place in the application: path, query and fragment of our own origin. Only `parseReturnTo` makes one. */
export type ReturnTo = string & { readonly __brand: 'ReturnTo' }

export const HOME = '/' as ReturnTo

const MOST_CHARACTERS = 4_096
/** What browsers drop or turn while they read a URL, so that two readers would see two different targets. */
const AMBIGUOUS = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\]/
/** A start that names a host, however often it is decoded. */
const NAMES_A_HOST = /^\/[\s\u0000-\u0020]*[/\\]/

/**
 * The place that `text` names, or undefined where it could lead anywhere else (RFC 9700 §4.11).
 *
 * Deep links survive with everything that a path, query and fragment may hold; our own endpoints, below `prefix`, are no place to return to.
 */
export function parseReturnTo(text: string | null | undefined, origin: string, prefix: string): ReturnTo | undefined {
  if (!text || text.length > MOST_CHARACTERS || !text.startsWith('/') || AMBIGUOUS.test(text)) return undefined
  if (!URL.canParse(text, origin)) return undefined
  const url = new URL(text, origin)
  // Credentials stand between the scheme and the host: what follows the origin would begin in their midst.
  if (url.origin !== origin || url.username !== '' || url.password !== '') return undefined

  // Dot segments are gone now: what is left must still be a path, and stay one when somebody decodes it again.
  const path = url.pathname
  if (readings(path).some((reading) => NAMES_A_HOST.test(reading) || /[\u0000-\u001f\u007f]/.test(reading))) return undefined
  if (path === prefix || path.startsWith(`${prefix}/`)) return undefined
  return url.href.slice(origin.length) as ReturnTo
}

/** The path as it is, decoded once, and twice. */
function readings(path: string): string[] {
  const once = decode(path)
  return [path, once, decode(once)]
}

function decode(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
