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
  return new Map(Object.entries(TYPES).map(([name, type]) => [name, { type, body: readAsset(name) }]))
}

/** The browser client, for the applications behind us. */
export function loadClient(): Asset {
  return { type: 'text/javascript; charset=utf-8', body: readAsset('client.js') }
}

function readAsset(name: string): Buffer {
  return readFileSync(new URL(`./assets/${name}`, import.meta.url))
}
