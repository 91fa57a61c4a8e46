/** Milliseconds as the seconds that Prometheus counts in; anything that is no duration is 0, since telling must never throw. */
export function secondsOf(milliseconds: number): number {
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds / 1000 : 0
}
