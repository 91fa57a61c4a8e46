import { measureLeeway } from './refresh/leeway-group.ts'
import { measureOutages } from './refresh/outage-group.ts'
import { measureStorm } from './refresh/storm-group.ts'
import { runGroups } from './run-groups.ts'

// Measures what refreshes and a store that goes away cost, and whether anybody is signed out by them: `npm run bench:refresh`.

await runGroups(
  {
    command: 'npm run bench:refresh',
    groups: [
      { name: 'storm', measure: measureStorm },
      { name: 'leeway', measure: measureLeeway },
      { name: 'outage', measure: measureOutages },
    ],
    page: 'REFRESH.md',
    framing: {
      title: 'Measurements: fresh tokens',
      intro: 'Written by `npm run bench:refresh`.',
      again: `\`\`\`
npm run bench:refresh
\`\`\`

takes about eight minutes and rewrites this page; \`npm run bench:refresh -- outage\` measures one group anew and leaves the others as they are, and
\`--quick\` is for trying. It needs Linux, two cores, and wrk, nginx and redis-server (on Debian: \`apt-get install wrk nginx redis-server\`).
`,
    },
  },
  process.argv.slice(2),
)
