const PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const STATE = /^[\x20-\x7e]{1,512}$/

/** The trace headers of a request, as they came. */
export interface TraceContext {
  parents: number
  parent: string
  states: string[]
}

/** The same, if they are valid (W3C Trace Context §3.2 and §3.3): one `traceparent`, and its state only with it; else nothing. */
export function validTrace({ parents, parent, states }: TraceContext): readonly string[] {
  if (parents !== 1 || !PARENT.test(parent)) return []
  const state = states.join(',')
  return STATE.test(state) ? ['traceparent', parent, 'tracestate', state] : ['traceparent', parent]
}
