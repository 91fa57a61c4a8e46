// Nothing in it can be read in two ways: no escape, no segment that begins with a dot, no empty one, no parameter.
const NOT_PLAIN = /[^A-Za-z0-9\-._~!$&'()*+,=:@/]|\/[/.]/
// RFC 3986 §3.3, and what browsers leave as it is in a path (URL Standard, path percent-encode set): "[", "]" and "|".
const NOT_OF_A_PATH = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]|]/
const ESCAPE = /%([0-9A-Fa-f]{2})/g
// Nobody escapes an escape more often by accident; without a bound a long chain of them would cost its length squared.
const MOST_DECODINGS = 4

// On octets, after any number of decodings. Where a name ends, an upstream may disagree: hence ";", "?", "#" and spaces after dots.
const AMBIGUOUS = new RegExp(
  [
    String.raw`\/[/;]`, // an empty segment
    String.raw`(?:^|\/)\.{1,2} *(?:[;?#/]|$)`, // a dot segment (RFC 3986 §5.2.4)
    String.raw`\\`,
    String.raw`%2[fF]|%5[cC]`,
    String.raw`[^ -~\x80-\xff]|\xc2[\x80-\x9f]`, // control characters, C1 included
    String.raw`[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]`, // overlong UTF-8 (RFC 3629 §3)
  ].join('|'),
)

/**
 * Whether a raw path can be read in one way only, so that what was decided on is what the upstream will understand.
 *
 * Dot segments, encoded slashes, backslashes, empty segments, control characters and overlong forms are refused in every reading,
 * however often the path is decoded; so is what no path may hold.
 */
export function isCanonical(path: string): boolean {
  if (!NOT_PLAIN.test(path)) return true
  if (NOT_OF_A_PATH.test(path) || !isEncodedText(path)) return false
  let reading = path
  for (let decodings = 0; decodings <= MOST_DECODINGS; decodings += 1) {
    if (AMBIGUOUS.test(reading)) return false
    const next = decodeOnce(reading)
    if (next === reading) return true
    reading = next
  }
  return false
}

/** A canonical path as a careless upstream could read it in the end: decoded until nothing changes, one character for each octet. */
export function decodeFully(path: string): string {
  let reading = path
  for (let decodings = 0; decodings < MOST_DECODINGS; decodings += 1) reading = decodeOnce(reading)
  return reading
}

function decodeOnce(text: string): string {
  return text.replace(ESCAPE, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** Every `%` begins an escape, and the octets are UTF-8. */
function isEncodedText(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}
