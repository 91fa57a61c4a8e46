import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { FUNCTIONS } from './function-targets.ts'
import { runLong, sayHeap } from './run-long.ts'
import { WHOLE_PARTS } from './whole-targets.ts'

// Many made-up inputs: `npm run fuzz -- --runs 100000 [--seed 7] [return-targets …]`. The targets share the runs as they do in the suite.

const all = [...FUNCTIONS, ...WHOLE_PARTS]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: String(randomInt(2 ** 31)) } },
})
const runs = Number(values.runs)
const seed = Number(values.seed)
const unknown = positionals.find((name) => !all.some((target) => target.name === name))
const wrong =
  unknown === undefined
    ? [runs, seed].every((number) => Number.isSafeInteger(number) && number >= 0)
      ? undefined
      : '--runs and --seed are whole numbers.'
    : `There is no target "${unknown}"; there are: ${all.map(({ name }) => name).join(' ')}.`

if (wrong === undefined) {
  const targets = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name))
  const parts = targets.reduce((sum, { few }) => sum + few, 0)
  process.stdout.write(`${runs} inputs by seed ${seed}; the heap is ${sayHeap()} at the start\n`)
  let good = true
  for (const target of targets) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that memory is one target's
    good = (await runLong(target, Math.ceil((runs * target.few) / parts), seed)) && good
  }
  process.stdout.write(`the heap is ${sayHeap()} at the end\n`)
  process.exitCode = good ? 0 : 1
} else {
  process.stderr.write(`${wrong}\n`)
  process.exitCode = 1
}
