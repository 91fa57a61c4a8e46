import type { Socket } from 'node:net'
import { listenTcp } from '../support/listen-tcp.ts'

/** What is answered wrongly: everything about records, or one command of the handshake; and whether the connection ends after that. */
export interface Lie {
  readonly to: string
  /** latin1 */
  readonly bytes: string
  readonly hangsUp: boolean
}

const HONEST: Readonly<Record<string, string>> = {
  HELLO: '%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n',
  CLIENT: '+OK\r\n',
  PING: '+PONG\r\n',
  INFO: '-ERR not here\r\n',
  CONFIG: '-ERR not here\r\n',
  ROLE: '-ERR not here\r\n',
  WAIT: ':0\r\n',
}

/** A server that speaks Redis' protocol, and tells one lie. */
export async function startLyingRedis() {
  let lie: Lie | undefined
  const { port, stop } = await listenTcp((socket) => {
    // Commands are small, and nobody sends two halves: each comes whole, perhaps with others.
    socket.on('data', (bytes: Buffer) => {
      for (const [, name = ''] of bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g))
        answer(socket, name.toUpperCase())
    })
  })

  function answer(socket: Socket, name: string): void {
    const honest = HONEST[name]
    const isLie = lie !== undefined && (lie.to === name || (lie.to === 'record' && honest === undefined))
    if (!isLie || lie === undefined) return void socket.write(honest ?? '$-1\r\n')
    if (lie.hangsUp) socket.end(lie.bytes, 'latin1')
    else socket.write(lie.bytes, 'latin1')
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    lie: (told: Lie) => void (lie = told),
    stop,
  }
}
