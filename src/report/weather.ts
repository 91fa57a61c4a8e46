/**
 * Why no fresh access token can be had for the moment: the closed list that log, metrics and 503 bodies share. All of it is weather,
 * and ends no session.
 */
export const WEATHER = [
  'network',
  'timeout',
  'rate_limited',
  'server_error',
  'temporarily_unavailable',
  'client_refused',
  'malformed',
  'not_ready',
  'resting',
  'store',
  'elsewhere',
] as const

export type Weather = (typeof WEATHER)[number]
