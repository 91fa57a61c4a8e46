import { createRequire } from 'node:module'
import type { Document, ErrorCode, Node } from 'yaml'
import type { Refusal } from './refusal.ts'

/** A file that was read: what it says, and where. */
export interface ConfigFile {
  readonly tree: Readonly<Record<string, unknown>>
  /** Line and column of what stands at a path, or of the nearest thing around it. */
  readonly positionOf: (path: readonly PropertyKey[]) => string
}

/** As a refusal, with the position in the file where there is one. */
export type FileRefusal = Refusal & { readonly position?: string }

const TOO_DEEP = 'is nested too deeply.'

const SAYS: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'has the same key twice in one group.',
  MULTIPLE_DOCS: 'holds several documents.',
  TAB_AS_INDENT: 'is indented with a tab.',
  BAD_INDENT: 'is indented wrongly, or a bracket is not closed.',
  TAG_RESOLVE_FAILED: 'has a tag that means nothing here.',
  BAD_ALIAS: 'has an alias that leads nowhere.',
  RESOURCE_EXHAUSTION: TOO_DEEP,
}

const WRITE = 'YAML as in config/coatcheck.yaml; put quotes around text with special characters'

/** Reads YAML 1.2 text; refusals never quote it, since a secret may stand in the line that is wrong. */
export function readConfigText(text: string): ConfigFile | readonly FileRefusal[] {
  // Loaded only where there is a file: most containers have variables alone, and start sooner.
  const yaml: typeof import('yaml') = createRequire(import.meta.url)('yaml')
  const lines = new yaml.LineCounter()
  const document = parse()
  if (document === undefined) return [{ refused: TOO_DEEP, write: WRITE }]

  /** Undefined where the groups within groups outgrow the stack: the parser calls itself for each. */
  function parse(): Document.Parsed | undefined {
    try {
      // The library's own warnings would print the text that they are about.
      return yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `line ${line}, column ${col}`
  }
  // One slip of syntax makes many errors after it; only keys that are there twice stand for themselves.
  const wrong = [...document.errors, ...document.warnings].filter(({ code }, index) => index === 0 || code === 'DUPLICATE_KEY')
  if (wrong.length > 0) {
    return wrong.map(({ code, pos }) => ({
      refused: SAYS[code] ?? 'is not well-formed YAML.',
      write: WRITE,
      position: place(pos[0]),
    }))
  }
  if (document.contents === null) return [{ refused: 'is empty.', write: 'settings, or leave COATCHECK_CONFIG unset' }]
  if (!yaml.isMap(document.contents)) return [{ refused: 'holds no keys and values at its top.', write: WRITE }]
  const strangeKey = findStrangeKey(yaml, document)
  // A template that nobody filled in looks like this: {{ .Values.secret }}
  if (strangeKey !== undefined)
    return [{ refused: 'has a group where a name belongs.', write: WRITE, position: place(strangeKey) }]

  const positionOf = (path: readonly PropertyKey[]) => {
    let node: Node | null = document.contents
    let offset = node?.range?.[0] ?? 0
    for (const step of path) {
      const found: { readonly name?: unknown; readonly value: unknown } | undefined = yaml.isMap(node)
        ? node.items
            .map(({ key, value }) => ({ name: key, value }))
            .find(({ name }) => yaml.isScalar(name) && String(name.value) === step)
        : yaml.isSeq(node) && typeof step === 'number'
          ? { value: node.items[step] }
          : undefined
      const named = found?.name ?? found?.value
      if (!yaml.isNode(named)) break
      offset = named.range?.[0] ?? offset
      node = yaml.isNode(found?.value) ? found.value : null
    }
    return place(offset)
  }

  try {
    const tree = Object.fromEntries(Object.entries(document.toJS()))
    // Throws for a group that an alias puts into itself: nobody who walks through that comes to an end.
    JSON.stringify(tree)
    return { tree, positionOf }
  } catch {
    // The only way to fail here: aliases that unfold without end, or too far.
    return [{ refused: 'has aliases that unfold too far.', write: WRITE }]
  }
}

/** Where a key stands that is no plain text: as a name it would be repeated by whatever speaks of it. */
function findStrangeKey(yaml: typeof import('yaml'), document: Document.Parsed): number | undefined {
  let offset: number | undefined
  yaml.visit(document, {
    Pair(_key, { key }) {
      const named = yaml.isAlias(key) ? key.resolve(document) : key
      if (!yaml.isCollection(named)) return undefined
      offset = named.range?.[0] ?? 0
      return yaml.visit.BREAK
    },
  })
  return offset
}
