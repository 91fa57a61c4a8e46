import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'

/** The first byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 22

/** A sentinel that says what the test wants it to, or nothing. */
export interface ScriptedSentinel {
  readonly port: number
  /** How often it was asked for a primary. */
  readonly asked: () => number
  /** Whether the last one who came spoke TLS. */
  readonly wasGreetedInTls: () => boolean
  stop(): Promise<void>
}

/** `port`: the port of a primary on loopback; `unknown`: it knows none of that name; `silent`: it accepts connections and says nothing. */
export async function startScriptedSentinel(says: number | 'unknown' | 'silent'): Promise<ScriptedSentinel> {
  const sockets: Socket[] = []
  let asked = 0
  let inTls = false
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => socket.destroy()))
    socket.once('data', ([first]: Buffer) => {
      inTls = first === TLS_HANDSHAKE
    })
    socket.on('data', (piece: Buffer) => {
      if (!piece.toString().includes('GET-MASTER-ADDR-BY-NAME')) return
      asked += 1
      if (says === 'unknown') socket.write('*-1\r\n')
      else if (says !== 'silent') socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${String(says).length}\r\n${says}\r\n`)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')

  return {
    port: address.port,
    asked: () => asked,
    wasGreetedInTls: () => inTls,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
