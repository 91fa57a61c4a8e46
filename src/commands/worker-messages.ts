/** What one process can ask all of them. */
export type Matter = 'readiness' | 'metrics'

/** From a worker to the primary. */
export type FromWorker =
  /** It listens. */
  | { readonly kind: 'serving' }
  /** It wants to know from all; `question` is its own number for it. */
  | { readonly kind: 'asks'; readonly matter: Matter; readonly question: number }
  /** What it was told to answer; `round` is the primary's number. */
  | { readonly kind: 'answers'; readonly round: number; readonly value: unknown }

/** From the primary to a worker. */
export type ToWorker =
  | { readonly kind: 'drain' }
  | { readonly kind: 'answer'; readonly matter: Matter; readonly round: number }
  /** One value for each process; `null` for one that did not answer in time (JSON knows no `undefined`). */
  | { readonly kind: 'told'; readonly question: number; readonly values: readonly unknown[] }

/** Both sides are the same program: the kind is all that tells its messages from those of others, such as a process manager's. */
export function isMessage<Message extends FromWorker | ToWorker>(
  value: unknown,
  kinds: readonly Message['kind'][],
): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.some((kind) => kind === value.kind)
}
