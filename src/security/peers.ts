import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { createAddressList } from './address-list.ts'
import { countedAddress } from './counted-address.ts'
import { isPublicAddress } from './public-address.ts'

/** Who is at the other end, and on whose word. */
export interface Peers {
  /** Whether the connection comes from a configured proxy, whose forwarding headers count. */
  readonly isTrusted: (request: IncomingMessage) => boolean
  /** The browser's address: the first from the right of `X-Forwarded-For` that is no trusted proxy, or the peer's own. */
  readonly clientAddress: (request: IncomingMessage) => string
  /**
   * Whom limits count: an address learnt from a trusted proxy, or a public peer's own, whatever it says of others. Undefined where nobody is
   * known: behind a proxy that is not trusted, everybody has its address.
   */
  readonly accountableAddress: (request: IncomingMessage) => string | undefined
}

const MOST_REMEMBERED = 1_000
const FORWARDING = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'] as const

/** Peers by the trust rule: forwarding headers count from `trustedProxies` (CIDR or address) only (RFC 9700 §4.13). */
export function createPeers(trustedProxies: readonly string[], onUntrustedForwarding: () => void): Peers {
  const isTrustedAddress = remembering(createAddressList(trustedProxies))
  const isTrusted = (request: IncomingMessage) => isTrustedAddress(peerAddress(request))

  const clientAddress = (request: IncomingMessage) => {
    const peer = peerAddress(request)
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined || !isTrustedAddress(peer)) return peer
    const hops = String(forwarded).split(',').map(plainAddress)
    // A hop that is no address ends the chain: what stands before it was written by nobody we know.
    const client = hops.findLast((hop) => !isTrustedAddress(hop))
    return client === undefined ? (hops[0] ?? peer) : isIP(client) ? client : peer
  }

  const accountableAddress = (request: IncomingMessage) => {
    const client = clientAddress(request)
    if (isTrusted(request)) return request.headers['x-forwarded-for'] === undefined ? undefined : countedAddress(client)
    if (isPublicAddress(client)) return countedAddress(client)
    if (FORWARDING.some((name) => request.headers[name] !== undefined)) onUntrustedForwarding()
    return undefined
  }

  return { isTrusted, clientAddress, accountableAddress }
}

/** The same question is asked with every request; the answers are kept, up to a bound, since strangers choose some of the addresses. */
function remembering(ask: (address: string) => boolean): (address: string) => boolean {
  const answers = new Map<string, boolean>()
  return (address) => {
    const known = answers.get(address)
    if (known !== undefined) return known
    const answer = ask(address)
    if (answers.size < MOST_REMEMBERED) answers.set(address, answer)
    return answer
  }
}

function peerAddress(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress ?? '')
}

/** An address without brackets, port or the IPv4-in-IPv6 prefix. */
function plainAddress(text: string): string {
  const address = text.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address)
  if (bracketed) return bracketed[1] ?? ''
  return /^[\d.]+:\d+$/.test(address) ? address.slice(0, address.indexOf(':')) : address
}
