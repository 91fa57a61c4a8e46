/** Why a session is no session (any more): the closed list that browsers are told. */
export const END_REASONS = [
  'none',
  'expired',
  'idle',
  'signed_out',
  'replaced',
  'revoked',
  'ended_by_provider',
  'grant_refused',
] as const

export type EndReason = (typeof END_REASONS)[number]
