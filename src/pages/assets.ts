import { readFileSync } from 'node:fs'

/** Style, script and picture of our pages: a closed list, read once. */
const TYPES = {
  'page.css': 'text/css; charset=utf-8',
  'continue.js': 'text/javascript; charset=utf-8',
  'reload.js': 'text/javascript; charset=utf-8',
  'ticket.svg': 'image/svg+xml',
} as const

export interface Asset {
  readonly type: string
  readonly body: Buffer
}

/** The assets by name; a name that is not on the list has none. */
export function loadAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(TYPES).map(([name, type]) => [
      name,
      { type, body: readFileSync(new URL(`./assets/${name}`, import.meta.url)) },
    ]),
  )
}
