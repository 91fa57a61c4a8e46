import type { Dispatcher } from 'undici'
import { isRepeatable } from './is-repeatable.ts'
import type { UpstreamAddress } from './upstream-address.ts'

/**
 * Chooses among the addresses of one upstream: the one with the fewest requests in flight, so that a slow one gets less by itself;
 * among equals, in turns.
 */
export class UpstreamBalance {
  readonly #first: UpstreamAddress
  readonly #addresses: readonly UpstreamAddress[]
  #turn = 0

  constructor(addresses: readonly UpstreamAddress[]) {
    const [first] = addresses
    if (first === undefined) throw new Error('an upstream without an address')
    this.#first = first
    this.#addresses = addresses
  }

  /** Whether there is another address to turn to. */
  get hasOthers(): boolean {
    return this.#addresses.length > 1
  }

  /** The address for a call; not `avoided`, unless there is no other. Where all are out, the one whose time comes first is tried anyway. */
  pick(call: Dispatcher.DispatchOptions, avoided?: UpstreamAddress): UpstreamAddress {
    const count = this.#addresses.length
    if (count === 1) return this.#first
    this.#turn = (this.#turn + 1) % count
    let best: UpstreamAddress | undefined
    let leastBad: UpstreamAddress | undefined
    for (let step = 0; step < count; step += 1) {
      const address = this.#addresses[(this.#turn + step) % count]
      if (address === undefined || address === avoided) continue
      if (!address.isOut) {
        if (best === undefined || address.inFlight < best.inFlight) best = address
      } else if (address.takesTrial(isRepeatable(call))) {
        return address
      } else if (leastBad === undefined || address.nextTrialAt < leastBad.nextTrialAt) {
        leastBad = address
      }
    }
    return best ?? leastBad ?? this.#first
  }
}
