export interface LogConfig {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Which carried requests get a line: every one, or only those that failed (nginx logs the others). */
  readonly carried: 'all' | 'failures'
}

export interface DrainConfig {
  /** Between "not ready" and closing the listener, so that balancers notice. */
  readonly delayMilliseconds: number
  /** After which what is still in flight is cut. */
  readonly deadlineMilliseconds: number
}
