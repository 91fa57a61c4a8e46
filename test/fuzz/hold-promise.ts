import { randomInt } from 'node:crypto'
import { expect } from '@jest/globals'
import { readKept } from './kept-inputs.ts'
import type { FuzzTarget } from './target.ts'

/** The form of an attack within `npm test`: what was found before, then a few new inputs. */
export async function holdPromise({ name, few, open }: FuzzTarget): Promise<void> {
  const target = await open()
  try {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that it is plain which one it was
    for (const { input } of readKept(name)) await target.replay(input)
    const found = await target.round(randomInt(2 ** 31), few)
    // Whoever sees this keeps the input in test/corpus/fuzz; `npm run fuzz` does it by itself.
    expect(found).toBeUndefined()
  } finally {
    await target.stop()
  }
}
