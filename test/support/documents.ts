import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One Markdown document of the repository. */
export interface Document {
  /** Its path in the repository. */
  readonly path: string
  readonly text: string
  /** The text without code blocks: what is read as prose, tables included. */
  readonly prose: string
  readonly blocks: readonly CodeBlock[]
  /** The names that its headlines can be linked by, as code hosts make them. */
  readonly anchors: readonly string[]
}

export interface CodeBlock {
  readonly language: string
  readonly code: string
}

const FENCED = /^( *)```(\w*)\n([\s\S]*?)\n\1```$/gm
const OURS = ['README.md', 'SECURITY.md', 'CHANGELOG.md']

/** The documents that people read: those at the top and those in `docs/`. */
export function readDocuments(): readonly Document[] {
  const inDocs = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'))
  return [...OURS, ...inDocs.map((name) => `docs/${name}`)].map(readDocument)
}

export function readDocument(path: string): Document {
  const text = readFileSync(ROOT + path, 'utf8')
  const prose = text.replaceAll(FENCED, '')
  return {
    path,
    text,
    prose,
    blocks: [...text.matchAll(FENCED)].map(([, indent = '', language = '', code = '']) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    })),
    anchors: [...prose.matchAll(/^#+ (.+)$/gm)].map(([, headline = '']) => anchorOf(headline)),
  }
}

/** The code blocks of one language in all documents, each with where it stands. */
export function codeBlocks(language: string): readonly (readonly [path: string, code: string])[] {
  return readDocuments().flatMap(({ path, blocks }) =>
    blocks.filter((block) => block.language === language).map(({ code }) => [path, code] as const),
  )
}

function anchorOf(headline: string): string {
  return headline
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
