import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../errors.ts'
import { discardRest } from '../proxy/discard-rest.ts'

/** A logout token takes a kilobyte or two. */
const MOST_OCTETS = 16_384
const MOST_MILLISECONDS = 5_000

/**
 * The one `logout_token` of a form (Back-Channel Logout 1.0 §2.5); its other parameters are passed over. What is too large or too slow
 * is given up before it is read to its end.
 *
 * Rejects with `logout_token_invalid`, `body_too_large` or `request_timed_out`.
 */
export async function readLogoutToken(request: IncomingMessage, response: ServerResponse): Promise<string> {
  const { headers } = request
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1)
  try {
    if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') throw invalid('not a form')
    if (headers['content-encoding'] !== undefined) throw invalid('a compressed form')
    if (Number(headers['content-length'] ?? 0) > MOST_OCTETS) throw new GatewayError('body_too_large')
    if (headers.expect !== undefined) response.writeContinue()
    const [token, another] = new URLSearchParams(await readBody(request)).getAll('logout_token')
    if (token === undefined || token === '') throw invalid('no logout_token')
    if (another !== undefined) throw invalid('two of logout_token')
    return token
  } catch (error) {
    discardRest(request)
    throw error
  }
}

function readBody(request: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const pieces: Buffer[] = []
  let octets = 0
  const patience = setTimeout(() => reject(new GatewayError('request_timed_out')), MOST_MILLISECONDS)
  const take = (piece: Buffer) => {
    octets += piece.length
    if (octets > MOST_OCTETS) reject(new GatewayError('body_too_large'))
    else pieces.push(piece)
  }
  const finish = () => resolve(Buffer.concat(pieces).toString())
  const leave = () => reject(invalid('a form that breaks off'))
  request.on('data', take).once('end', finish).once('close', leave).once('error', leave)
  return promise.finally(() => {
    clearTimeout(patience)
    request.off('data', take).off('end', finish).off('close', leave).off('error', leave)
  })
}

function invalid(note: string): GatewayError {
  return new GatewayError('logout_token_invalid', { note })
}
