import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '../errors.ts'
import { askToSwitch } from './ask-to-switch.ts'
import type { Carriage, UpstreamCall } from './carriage.ts'
import { dial } from './dial.ts'
import { relayRefusal } from './relay-refusal.ts'
import type { UpstreamAddress } from './upstream-address.ts'
import type { UpstreamBalance } from './upstream-balance.ts'

/** A handshake is a GET without a body: where no connection came about, another address may be asked. */
const HANDSHAKE = { path: '/', method: 'GET', body: null } as const

interface Handshake {
  readonly upstream: UpstreamBalance
  readonly headers: readonly string[]
  readonly accept: string
  readonly timeoutMilliseconds: number
  readonly switched: (answer: IncomingMessage, upstream: Socket) => void
}

/** The call of a handshake to the upstream, over a connection of its own; it ends with the tunnel that becomes of it. */
export class WebSocketCall implements UpstreamCall {
  readonly #carriage: Carriage
  readonly #handshake: Handshake
  #address: UpstreamAddress
  #giveUp: () => void = nothing

  constructor(carriage: Carriage, handshake: Handshake) {
    this.#carriage = carriage
    this.#handshake = handshake
    this.#address = handshake.upstream.pick(HANDSHAKE)
  }

  get address(): string {
    return this.#address.name
  }

  abort(): void {
    this.#giveUp()
  }

  send(isRepeated = false): void {
    const { headers, accept, timeoutMilliseconds, switched } = this.#handshake
    const carriage = this.#carriage
    const address = this.#address
    const connection = dial(address.config, carriage.route)
    let isConnected = false
    address.inFlight += 1
    connection.once(isSecure(address) ? 'secureConnect' : 'connect', () => {
      isConnected = true
      address.connected()
    })
    connection.once('close', () => (address.inFlight -= 1))
    this.#giveUp = askToSwitch(
      {
        connection,
        path: carriage.target,
        headers: [...headers, 'Host', new URL(address.config.origin).host],
        accept,
        timeoutMilliseconds,
      },
      {
        switched,
        refused: (answer) => carriage.attempt(() => relayRefusal(answer, carriage)),
        failed: (error) => this.#failed(error, isConnected, isRepeated),
      },
    )
  }

  #failed(error: GatewayError, isConnected: boolean, isRepeated: boolean): void {
    if (this.#carriage.isOver) return
    if (!isConnected) this.#address.failed(error)
    if (isConnected || isRepeated || !this.#handshake.upstream.hasOthers) return this.#carriage.fail(error)
    this.#address = this.#handshake.upstream.pick(HANDSHAKE, this.#address)
    this.send(true)
  }
}

function isSecure({ config }: UpstreamAddress): boolean {
  return config.origin.startsWith('https:')
}

function nothing(): void {}
