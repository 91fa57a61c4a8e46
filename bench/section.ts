import type { Goal } from './goals.ts'
import type { Plot } from './plot.ts'
import type { Processes } from './processes.ts'
import type { BenchProvider } from './sign-in.ts'
import type { Table } from './table.ts'

/** What one group of measurements came to. */
export interface Section {
  readonly title: string
  readonly plot: Plot
  readonly table: Table
  /** How it was measured, in Markdown. */
  readonly says: string
  /** What this run has to say beside its table, one sentence each. */
  readonly remarks: readonly string[]
  readonly goals: readonly Goal[]
  /** Why the whole of it does not count, one sentence each; none: it counts, whether or not the goals were met. */
  readonly faults: readonly string[]
}

/** What groups are given. */
export interface Bench {
  /** Short turns, and few of them: for trying. */
  readonly isQuick: boolean
  /** A folder of this run's own, gone when it ends. */
  readonly folder: string
  readonly processes: Processes
  readonly provider: BenchProvider
  /** Flags of Node for Coatcheck, to profile it. */
  readonly nodeFlags: readonly string[]
  readonly tell: (progress: string) => void
}

/** A group of measurements that can be asked for by its name. */
export interface Group {
  readonly name: string
  readonly measure: (bench: Bench) => Promise<Section>
}

/** The core of what is measured, and that of everything else. */
export const CORES = { gatewayCore: 0, loadCore: 1 } as const
