import { CONNECTIONS } from './measure-turn.ts'
import type { Options } from './options.ts'
import { renderMarkdown, type Table } from './table.ts'

/** Everything that the page of results holds. */
export interface Results {
  readonly options: Options
  readonly machine: readonly string[]
  readonly versions: readonly string[]
  readonly goals: Table
  readonly carrying: Table
  readonly remarks: readonly string[]
  readonly coldStart: Table
}

/** Renders `bench/RESULTS.md`. */
export function renderPage({ options, machine, versions, goals, carrying, remarks, coldStart }: Results): string {
  return `# Measurements

Written by \`npm run bench\`. Absolute numbers are this machine's; the ratios are what carries over.

${renderMarkdown(goals)}
${list([...machine, ...versions])}
## The carrying lane

![Requests carried per second](results/carrying.svg)

${renderMarkdown(carrying)}
A signed-in GET of a JSON answer of 200 bytes, over ${CONNECTIONS} connections that are kept, with the headers that a browser sends. Each contender
is one process on one core (\`taskset -c 0\`). The load (wrk with one thread), Redis and the API share the other
core (\`taskset -c 1\`). Contenders take turns (A, B, C, D, A, B …): ${options.turns} of ${options.seconds} seconds each, after a warm-up that is dropped;
each number is the median of the turns, Redis commands are those of all turns together. CPU is user and system time of the
contender's processes; memory is what is resident after a turn; *load idle* is the share of a turn in which the other core had
nothing to do (near 0 the load is the limit, not the contender).

All contenders get the same cookie header size, attach the same access token of 600 characters and keep the browser's cookie back:
the API answers 401 or 400 otherwise, and counts requests, so that an answer that did not come from it makes the row invalid. The
session of Coatcheck comes from a real sign-in and holds what the provider issued (about 2 kB); the usual stack's holds the same. Each
of the two has a Redis of its own, so that commands can be counted. What the contenders do besides:

- **Coatcheck** (\`src/main.ts serve\`, its defaults): proof of origin, both deadlines of the session, freshness of the token, the
  hygiene of headers both ways, metrics.
- **The usual Express stack**, express + express-session + connect-redis + http-proxy-middleware
  ([express-proxy.ts](alternatives/express-proxy.ts)): the header \`X-CSRF\`, the session and the token's expiry; an
  agent that keeps connections. It extends the session in Redis with each request, which idle sessions need there.
- **Bare node:http + undici** ([empty-proxy.ts](alternatives/empty-proxy.ts)) and **bare nginx**: nothing but carrying. They are the limits of the
  runtime and of the machine.

${list(remarks)}
## Cold start

![Cold start until ready](results/cold-start.svg)

${renderMarkdown(coldStart)}
From the spawn of \`node\`, without npm, until the private listener's \`/readyz\` answers 200: memory store, provider up, not pinned, median
of ${options.turns}.

## Again

\`\`\`
npm run bench
\`\`\`

needs Linux, two cores, and wrk, nginx and redis-server (on Debian: \`apt-get install wrk nginx redis-server\`). It takes about three
minutes and rewrites this page. \`npm run bench -- --quick\` is for trying; \`--profile=FOLDER\` has Node write a CPU profile of Coatcheck.
\`npm run build\` before it adds the compiled program to the cold starts.
`
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}\n`).join('')
}
