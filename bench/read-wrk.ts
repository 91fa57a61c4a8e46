/** What wrk saw in one run. */
export interface WrkAnswer {
  readonly requests: number
  readonly seconds: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  /** Answers with a status of 400 and above, which is what wrk means by "Non-2xx or 3xx". */
  readonly refused: number
  /** Connections that failed, broke or timed out. */
  readonly socketErrors: number
}

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

/** Reads what `wrk --latency` prints; throws where it lacks what a measurement needs. */
export function readWrk(text: string): WrkAnswer {
  const [, requests = '', seconds = '', secondsUnit] = find(text, /(\d+) requests in ([\d.]+)(us|ms|s|m),/)
  const [, refused = '0'] = /Non-2xx or 3xx responses: (\d+)/.exec(text) ?? []
  const [, connect = '0', read = '0', write = '0', timeout = '0'] =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? []
  return {
    requests: Number(requests),
    seconds: (Number(seconds) * milliseconds(secondsUnit)) / 1000,
    p50Milliseconds: percentile(text, 50),
    p99Milliseconds: percentile(text, 99),
    refused: Number(refused),
    socketErrors: Number(connect) + Number(read) + Number(write) + Number(timeout),
  }
}

function percentile(text: string, percent: number): number {
  const [, value = '', unit] = find(text, new RegExp(String.raw`^\s+${percent}%\s+([\d.]+)(us|ms|s|m)\s*$`, 'm'))
  return Number(value) * milliseconds(unit)
}

function milliseconds(unit: string | undefined): number {
  return MILLISECONDS[unit ?? ''] ?? Number.NaN
}

function find(text: string, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(text)
  if (found === null) throw new Error(`wrk did not say what was expected:\n${text}`)
  return found
}
