// Writes the tables of the documentation that are made from the code: node bin/write-docs.ts
// A test fails where they are not current.

import { readFileSync, writeFileSync } from 'node:fs'
import { BLOCKS, DOCUMENTS } from './docs/blocks.ts'
import { fillBlocks } from './docs/fill-blocks.ts'

const root = new URL('..', import.meta.url)

for (const name of DOCUMENTS) {
  const before = readFileSync(new URL(name, root), 'utf8')
  // oxlint-disable-next-line no-await-in-loop -- a handful of files
  const after = await fillBlocks(before, BLOCKS)
  if (after !== before) writeFileSync(new URL(name, root), after)
  process.stdout.write(`${after === before ? 'current' : 'written'}  ${name}\n`)
}
