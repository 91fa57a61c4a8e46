import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { Carriage } from './carriage.ts'
import { refusedLevel } from './require-level.ts'
import type { HeadersByName } from './upstream-headers.ts'

// Scripts see nothing of it: browsers show a failed handshake to nobody.
const MOST_OCTETS = 64 * 1024

/** Answers a handshake with what the upstream answered instead of a 101, as any answer is carried, but for a bound. */
export function relayRefusal(answer: IncomingMessage, carriage: Carriage): void {
  const { response, session, steps } = carriage
  const given = headersByName(answer)
  const refused = answer.statusCode === 401 && refusedLevel(session, given['www-authenticate'], steps.meetsLevel)
  if (refused) throw refused
  const { status, headers } = steps.readUpstreamHeaders(answer.statusCode ?? 502, given, carriage)
  let left = MOST_OCTETS
  response.writeHead(status, headers)
  answer.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) carriage.fail(new GatewayError('upstream_answer_invalid', { note: 'the refusal is too long' }))
    else response.write(piece)
  })
  answer.once('end', () => {
    if (!carriage.isOver) response.end()
  })
}

function headersByName({ headersDistinct }: IncomingMessage): HeadersByName {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.length === 1 ? values[0] : values]),
  )
}
