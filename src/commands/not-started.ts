const NAME = 'NotStarted'

/** An error whose message is written for the person who started the gateway: what is wrong, and what to do. */
export function notStarted(says: string): Error {
  const error = new Error(says)
  error.name = NAME
  return error
}

/** The sentence to print for an error that kept the gateway from starting, or undefined where it is nobody's mistake but ours. */
export function whyNotStarted(thrown: unknown): string | undefined {
  return thrown instanceof Error && (thrown.name === NAME || thrown.name === 'ConfigurationError') ? thrown.message : undefined
}
