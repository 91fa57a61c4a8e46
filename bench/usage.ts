import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all that it started have used so far. */
export interface Usage {
  readonly cpuMicroseconds: number
  readonly residentBytes: number
}

/** A core's time so far, in ticks of the system. */
export interface CoreTime {
  readonly idle: number
  readonly total: number
}

/** Reads processor time (user and system) and resident memory of a process and its descendants from `/proc`. */
export function readUsage(pid: number): Usage {
  const family = familyOf(pid)
  return {
    cpuMicroseconds: (sum(family.map(readTicks)) * 1_000_000) / ticksPerSecond(),
    residentBytes: sum(family.map(readResident)),
  }
}

/** Reads how long a core has been idle, of all its time. */
export function readCoreTime(core: number): CoreTime {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `))
  if (line === undefined) throw new Error(`This machine has no core ${core}.`)
  // user nice system idle iowait irq softirq steal; what guests use is part of user already.
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  return { idle: (times[3] ?? 0) + (times[4] ?? 0), total: sum(times) }
}

/** The share of the time between two readings in which a core was idle, 0 to 1. */
export function idleShare(before: CoreTime, after: CoreTime): number {
  return (after.idle - before.idle) / (after.total - before.total)
}

function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}

function readTicks(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The program's name stands in brackets and may hold anything; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function readResident(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
