// Types of media know no case (RFC 9110 §8.3.1).
const NAMED = /text\/event-stream/i
const IS = /^text\/event-stream\s*(?:;|$)/i

/** Whether an `Accept` names the type of event streams among those it takes. */
export function acceptsEventStream(accept: string): boolean {
  return NAMED.test(accept)
}

/** Whether a `Content-Type` says that the answer is an event stream. */
export function isEventStream(contentType: string): boolean {
  return IS.test(contentType)
}
