import { listenTcp } from './listen-tcp.ts'

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
  let asked = 0
  let inTls = false
  const { port, stop } = await listenTcp((socket) => {
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

  return {
    port,
    asked: () => asked,
    wasGreetedInTls: () => inTls,
    stop,
  }
}
