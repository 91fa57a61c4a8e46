import { KEPT_BY_NONE } from './header-plan.ts'

const DIRECTIVE = /^([a-z-]+)(?:=(?:"([^"\\]*)"|([^\s",;]+)))?$/i
const SECONDS = /^\d{1,10}$/

// RFC 9111 §5.2.2, RFC 5861, RFC 8246; whether a directive needs seconds.
const FOR_ALL = new Map([
  ['no-store', false],
  ['no-cache', false],
  ['must-revalidate', false],
  ['no-transform', false],
  ['immutable', false],
  ['max-age', true],
  ['stale-while-revalidate', true],
  ['stale-if-error', true],
])
const FOR_SHARED = new Map([
  ['public', false],
  ['proxy-revalidate', false],
  ['s-maxage', true],
])

/**
 * An upstream's `Cache-Control` as caches may read it. For private ones, which is where a person's answers go, everything that speaks
 * to shared caches is left out and `private` is said first.
 *
 * What is missing, unreadable or there twice is as good as "no-store"; an argument that names fields makes way for the stricter form
 * without it.
 */
export function permittedCaching(given: string | undefined, caches: 'private' | 'shared'): string {
  if (given === undefined) return KEPT_BY_NONE
  const said = new Map<string, string>()
  for (const member of splitMembers(given)) {
    const [, written = '', quoted, plain] = DIRECTIVE.exec(member) ?? []
    const name = written.toLowerCase()
    if (name === '' || said.has(name)) return KEPT_BY_NONE
    const value = quoted ?? plain
    const needsSeconds = FOR_ALL.get(name) ?? FOR_SHARED.get(name)
    if (needsSeconds === true && (value === undefined || !SECONDS.test(value))) return KEPT_BY_NONE
    said.set(name, needsSeconds === true ? `${name}=${value}` : name)
  }
  if (said.size === 0) return KEPT_BY_NONE
  const isPrivate = caches === 'private' || said.has('private')
  const kept = [...said].filter(([name]) => FOR_ALL.has(name) || (!isPrivate && FOR_SHARED.has(name))).map(([, text]) => text)
  // Nothing that was understood is no permission.
  if (kept.length === 0 && !said.has('private')) return KEPT_BY_NONE
  return [...(isPrivate ? ['private'] : []), ...kept].join(', ')
}

/** The members between the commas, but for those within quotes. */
function splitMembers(list: string): readonly string[] {
  return (list.match(/(?:[^,"]|"[^"]*"?)+/g) ?? []).map((member) => member.trim()).filter((member) => member !== '')
}
