import { measureBehindNginx, measureCarrying } from './carrying.ts'
import { measureBodies } from './bodies-group.ts'
import { measureColdStart } from './cold-start.ts'
import { measureMemory } from './memory-group.ts'
import { measureLatency } from './latency-group.ts'
import { measureSockets } from './sockets-group.ts'
import { measureStore } from './store-group.ts'
import { measureStreams } from './streams-group.ts'
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
      { name: 'sockets', measure: measureSockets },
      { name: 'streams', measure: measureStreams },
      { name: 'cold-start', measure: measureColdStart },
    ],
    page: 'RESULTS.md',
    framing: {
      title: 'Measurements',
      intro: "Written by `npm run bench`. Absolute numbers are this machine's; the ratios are what carries over.",
      again: `\`\`\`
npm run bench
\`\`\`

needs Linux, two cores, six free gigabytes of memory, and wrk, nginx and redis-server (on Debian: \`apt-get install wrk nginx redis-server\`). It
takes about twenty minutes and rewrites this page. \`npm run bench -- carrying latency\` measures only these groups anew and leaves the others
as they were; \`-- --help\` lists them. \`--quick\` is for trying; \`--profile=FOLDER\` has Node write a CPU profile of Coatcheck.
\`npm run build\` before it adds the compiled program to the cold starts. [Fresh tokens](REFRESH.md) are measured by
\`npm run bench:refresh\`.
`,
    },
  },
  process.argv.slice(2),
)
