import type { ServerResponse } from 'node:http'

/**
 * Ends an answer of which a part is out, so that its reader can tell that the rest will not come (RFC 9112 §8).
 *
 * To HTTP/1.0 an answer of unknown length goes without chunks and ends with its connection: only a reset is no good end of it.
 */
export function breakOff(response: ServerResponse): void {
  if (response.req.httpVersionMinor === 0) response.socket?.resetAndDestroy()
  response.destroy()
}
