import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Where the browser client is kept as it is served. */
export const SERVED_CLIENT = `${ROOT}src/pages/assets/client.js`

const HEAD = "// Coatcheck's browser client. Its sources are in client/; bin/write-client.ts made this of them."

/** Makes of `client/` the one file that browsers get. */
export function buildClient(): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['client/create-coatcheck.ts'],
    bundle: true,
    format: 'esm',
    // What has locks between tabs and event streams by fetch knows all of it.
    target: 'es2022',
    minify: true,
    banner: { js: HEAD },
    write: false,
  })
  return outputFiles.map(({ text }) => text).join('')
}
