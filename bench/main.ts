import { measureBehindNginx, measureCarrying } from './carrying.ts'
import { measureBodies } from './bodies-group.ts'
import { measureColdStart } from './cold-start.ts'
import { measureMemory } from './memory-group.ts'
import { measureLatency } from './latency-group.ts'
import { measureStore } from './store-group.ts'
import { runGroups } from './run-groups.ts'

// Measures Coatcheck beside what a user would pick instead: `npm run bench`. Prints tables, and writes RESULTS.md and plots.

await runGroups(
  {
    command: 'npm run bench',
    groups: [
      { name: 'carrying', measure: measureCarrying },
      { name: 'behind-nginx', measure: measureBehindNginx },
      { name: 'latency', measure: measureLatency },
      { name: 'bodies', measure: measureBodies },
      { name: 'store', measure: measureStore },
      { name: 'memory', measure: measureMemory },
      { name: 'cold-start', measure: measureColdStart },
    ],
    page: 'RESULTS.md',
    framing: {
      title: 'Measurements',
      intro: "Written by `npm run bench`. Absolute numbers are this machine's; the ratios are what carries over.",
      again: '',
    },
  },
  process.argv.slice(2),
)
