import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all that it started have used so far. */
export interface Usage {
  readonly cpuMicroseconds: number
  readonly residentBytes: number
}

/** A core's time so far. */
export interface CoreTime {
  readonly idleMicroseconds: number
  readonly totalMicroseconds: number
}

/** Reads processor time (user and system) and resident memory of a process and its descendants from `/proc`. */
export function readUsage(pid: number): Usage {
  const family = familyOf(pid)
  return {
    cpuMicroseconds: toMicroseconds(sum(family.map((each) => readTicks(each)[0]))),
    residentBytes: sum(family.map(readResident)),
  }
}

/** The same of several, together. */
export function readUsageOfAll(pids: readonly number[]): Usage {
  const each = pids.map(readUsage)
  return {
    cpuMicroseconds: sum(each.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    residentBytes: sum(each.map(({ residentBytes }) => residentBytes)),
  }
}

/** Reads the processor time of this process, of all that it started and of those that have ended since. */
export function readOwnCpuMicroseconds(): number {
  const [, ended] = readTicks('self')
  return readUsage(process.pid).cpuMicroseconds + toMicroseconds(ended)
}

/** Reads how long a core has been idle, of all its time. */
export function readCoreTime(core: number): CoreTime {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `))
  if (line === undefined) throw new Error(`This machine has no core ${core}.`)
  // user nice system idle iowait irq softirq steal; what guests use is part of user already.
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  const idle = (times[3] ?? 0) + (times[4] ?? 0)
  return { idleMicroseconds: toMicroseconds(idle), totalMicroseconds: toMicroseconds(sum(times)) }
}

/** The share of the time between two readings in which a core was idle, 0 to 1. */
export function idleShare(before: CoreTime, after: CoreTime): number {
  return (after.idleMicroseconds - before.idleMicroseconds) / (after.totalMicroseconds - before.totalMicroseconds)
}

/**
 * The share of some cores' time that other programs took, 0 to 1.
 *
 * @param own Microseconds of processor time of all that was measured or took part.
 */
export function foreignShare(before: readonly CoreTime[], after: readonly CoreTime[], own: number): number {
  const between = (of: (core: CoreTime) => number): number => sum(after.map(of)) - sum(before.map(of))
  const total = between((core) => core.totalMicroseconds)
  const busy = total - between((core) => core.idleMicroseconds)
  return Math.max(0, (busy - own) / total)
}

function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(familyOf)]
}

/** Ticks of the system: the process's own, and those of its children that have ended. */
function readTicks(pid: number | 'self'): readonly [own: number, ended: number] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The program's name stands in brackets and may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number)
  return [utime + stime, cutime + cstime]
}

function readResident(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function toMicroseconds(ticks: number): number {
  return (ticks * 1_000_000) / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
