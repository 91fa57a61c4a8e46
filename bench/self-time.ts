/** A profile as Node's `--cpu-prof` writes it; only what is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  /** The node that was running, sample by sample. */
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

/** What ran, and its share (0 to 1) of the time in which anything did, without what it called. */
export type SelfTime = readonly [where: string, share: number]

const IDLE = '(idle)'

/** Sums up a profile, most first. `(program)` is native code, which is mostly reading and writing sockets. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]))
  const sums = new Map<string, number>()
  let total = 0
  for (const [at, sample] of samples.entries()) {
    const name = nameOf.get(sample) ?? 'unknown'
    if (name === IDLE) continue
    const delta = timeDeltas[at] ?? 0
    sums.set(name, (sums.get(name) ?? 0) + delta)
    total += delta
  }
  return [...sums].map(([name, sum]): SelfTime => [name, sum / total]).sort(([, one], [, other]) => other - one)
}

function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(?=(?:src|node_modules)\/)/, '')
  return `${name} ${file}:${lineNumber + 1}`
}
