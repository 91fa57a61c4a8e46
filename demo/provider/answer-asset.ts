import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { findPerson, initialsOf } from './people.ts'

const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/assets/tokens.css': { file: '../page/tokens.css', type: 'text/css' },
  '/assets/provider.css': { file: 'assets/provider.css', type: 'text/css' },
  '/assets/leave.js': { file: 'assets/leave.js', type: 'text/javascript' },
  '/assets/bell.svg': { file: 'assets/bell.svg', type: 'image/svg+xml' },
}

/** Answers style, script and pictures; false where the path is none of them. */
export async function answerAsset(path: string, response: ServerResponse): Promise<boolean> {
  const found = Object.hasOwn(FILES, path) ? FILES[path] : undefined
  const content = found === undefined ? portraitAt(path) : await readFile(new URL(found.file, import.meta.url))
  if (content === undefined) return false
  const type = found?.type ?? 'image/svg+xml'
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-cache' }).end(content)
  return true
}

/** A picture for the claim `picture`: the initials on the accent colour. */
function portraitAt(path: string): string | undefined {
  const person = findPerson(/^\/people\/([a-z]+)\.svg$/.exec(path)?.[1])
  if (person === undefined) return undefined
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="#97253f"/><text x="48" y="60" fill="#fff" font-family="system-ui, sans-serif" font-size="36" font-weight="600" text-anchor="middle">${initialsOf(person)}</text></svg>`
}
