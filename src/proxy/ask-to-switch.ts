import { type IncomingMessage, request as sendRequest } from 'node:http'
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import { upstreamFailure } from './upstream-failure.ts'
import { isAccepted } from './web-socket-handshake.ts'

const MOST_HEADER_BYTES = 32 * 1024

export interface SwitchRequest {
  readonly connection: Socket
  readonly path: string
  /** Names and values in turns, `Host` included. */
  readonly headers: readonly string[]
  /** The `Sec-WebSocket-Accept` that the upstream has to know. */
  readonly accept: string
  readonly timeoutMilliseconds: number
}

/** One of them is called, once; `failed` also after `refused`, where the rest of that answer does not come. */
export interface SwitchOutcomes {
  /** The upstream speaks WebSocket from here on; what it has said already is read first. */
  readonly switched: (answer: IncomingMessage, upstream: Socket) => void
  /** It gave another answer, whose body follows. */
  readonly refused: (answer: IncomingMessage) => void
  readonly failed: (error: GatewayError) => void
}

/** Asks an upstream for a WebSocket. What is no answer to that is never taken for a tunnel. The function that is answered gives up. */
export function askToSwitch(asked: SwitchRequest, { switched, refused, failed }: SwitchOutcomes): () => void {
  const { connection, path, headers, accept, timeoutMilliseconds } = asked
  const call = sendRequest({
    createConnection: () => connection,
    path,
    headers: [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    maxHeaderSize: MOST_HEADER_BYTES,
    insecureHTTPParser: false,
  })
  const patience = setTimeout(() => call.destroy(new GatewayError('upstream_timed_out')), timeoutMilliseconds)

  call.on('upgrade', (answer, _socket, head) => {
    clearTimeout(patience)
    if (!isAccepted(answer, accept)) {
      connection.on('error', () => connection.destroy()).destroy()
      failed(new GatewayError('upstream_answer_invalid', { note: '101 without what it takes' }))
      return
    }
    if (head.length > 0) connection.unshift(head)
    switched(answer, connection)
  })
  call.on('response', (answer) => {
    // Node takes it for a final answer where it does not say what it switches to (RFC 9110 §7.8).
    if (answer.statusCode === 101) {
      failed(new GatewayError('upstream_answer_invalid', { note: '101 without Upgrade' }))
      call.destroy()
      return
    }
    answer.on('error', (error) => failed(upstreamFailure(error, true)))
    refused(answer)
  })
  call.on('error', (error) => failed(upstreamFailure(error, false)))
  call.on('close', () => clearTimeout(patience))
  call.end()
  return () => call.destroy()
}
