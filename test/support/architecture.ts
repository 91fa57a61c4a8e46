/** The way a request walks: a file imports from its own folder or from folders to its right. */
const ORDER = [
  'main',
  'commands',
  'gateway',
  'operations',
  'auth',
  'proxy',
  'live',
  'tokens',
  'session',
  'oidc',
  'pages',
  'security',
  'store',
  'config',
  'report',
  'errors',
]

/** Libraries that few folders know, most of them exactly one. */
const KEEPERS: Readonly<Record<string, string | readonly string[]>> = {
  'openid-client': 'oidc',
  jose: 'oidc',
  'express-session': 'session',
  bowser: 'session',
  'connect-redis': 'session',
  redis: 'store',
  undici: ['proxy', 'oidc'],
  pino: 'operations',
  'prom-client': 'operations',
  zod: 'config',
  yaml: 'config',
}

const MOST_LINES = 150
const NO_DEED = /(?:^|[/-])(?:utils?|helpers?|common|lib|libs|misc|services?|managers?|types|index)(?:-|\.ts$|\/)/
const FILE_NAME = /^(?:[a-z0-9-]+\/)*[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

/**
 * What breaks the rules of the layout, one sentence each.
 *
 * @param files Sources by their path inside `src`, such as `auth/callback.ts`.
 * @param dependencies The packages that are installed where the gateway runs.
 */
export function findOffences(files: ReadonlyMap<string, string>, dependencies: readonly string[]): readonly string[] {
  return [...files].flatMap(([path, source]) => {
    const code = withoutComments(source)
    return [
      ...nameOffences(path),
      ...shapeOffences(path, source, code),
      ...importsOf(code).flatMap((each) => importOffences(path, each, files, dependencies)),
    ]
  })
}

function nameOffences(path: string): readonly string[] {
  if (NO_DEED.test(path)) return [`${path}: the name says no deed`]
  return FILE_NAME.test(path) ? [] : [`${path}: the name is not in kebab-case`]
}

function shapeOffences(path: string, source: string, code: string): readonly string[] {
  const offences: string[] = []
  const lines = source.trimEnd().split('\n').length
  if (lines > MOST_LINES) offences.push(`${path}: ${lines} lines are more than ${MOST_LINES}; it does more than one deed`)
  if (/\bconsole\b\s*\./.test(code)) offences.push(`${path}: writes to the console; only the report tells what happens`)
  if (!mayTouchProcess(path) && /(?<![\w.'])process\s*(?:\.\s*\w|\[)|['"](?:node:)?process['"]/.test(code)) {
    offences.push(`${path}: touches the process; only main and commands do`)
  }
  if (/^(?:export )?(?:let|var) /m.test(code)) offences.push(`${path}: keeps state of the module's own`)
  const statements = code.split(/\n(?=\S)/).filter((statement) => statement.trim() !== '')
  if (statements.length > 0 && statements.every((statement) => /^export\b[^=(]*\bfrom\b/.test(statement))) {
    offences.push(`${path}: only passes on what others export`)
  }
  return offences
}

function importOffences(
  path: string,
  { from, typeOnly }: Import,
  files: ReadonlyMap<string, string>,
  dependencies: readonly string[],
): readonly string[] {
  if (from.startsWith('.')) return typeOnly ? [] : orderOffences(path, from, files)
  if (from.startsWith('node:')) return []

  const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/')
  const keepers = [KEEPERS[name] ?? []].flat()
  if (keepers.length > 0 && !keepers.includes(folderOf(path)) && !typeOnly)
    return [`${path}: imports ${name}, which only ${keepers.join(' and ')} knows`]
  return typeOnly || dependencies.includes(name)
    ? []
    : [`${path}: imports ${name}, which is not installed where the gateway runs`]
}

function orderOffences(path: string, from: string, files: ReadonlyMap<string, string>): readonly string[] {
  const target = new URL(from, `file:///${path}`).pathname.slice(1)
  if (!files.has(target)) return [`${path}: imports ${from}, which is no file of src`]

  const [here, there] = [folderOf(path), folderOf(target)]
  for (const folder of [here, there])
    if (!ORDER.includes(folder)) return [`${path}: the folder ${folder} has no place in the order`]
  return ORDER.indexOf(here) <= ORDER.indexOf(there)
    ? []
    : [`${path}: imports ${target}, against the order (${there} comes before ${here})`]
}

function mayTouchProcess(path: string): boolean {
  return path === 'main.ts' || path.startsWith('commands/')
}

function folderOf(path: string): string {
  return path.split('/', 1)[0]?.replace(/\.ts$/, '') ?? ''
}

function importsOf(code: string): readonly Import[] {
  const written = code.matchAll(/^\s*(?:import|export)\s+(type\s+(?!from\b))?[^;'"]*?\bfrom\s*['"]([^'"]+)['"]/gm)
  const others = code.matchAll(/(?:^\s*import|\bimport\s*\()\s*['"]([^'"]+)['"]/gm)
  return [
    ...[...written].map(([, type, from = '']) => ({ from, typeOnly: type !== undefined })),
    ...[...others].map(([, from = '']) => ({ from, typeOnly: false })),
  ]
}

/** Comments out, everything else where it was; `://` inside a text is no comment. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<![:'"`])\/\/ .*$/gm, '')
}
