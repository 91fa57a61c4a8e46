/** Why a value is not taken, and what to write instead. Never repeats the value: it may hold a secret. */
export interface Refusal {
  readonly refused: string
  readonly write: string
}

/** Whether a parser refused; no parsed value has a member of that name. */
export function isRefusal(outcome: unknown): outcome is Refusal {
  return typeof outcome === 'object' && outcome !== null && 'refused' in outcome
}
