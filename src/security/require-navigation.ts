import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import { initiatorOf, isNavigation } from './fetch-metadata.ts'

/**
 * Refuses whatever is no page that a person opened: scripts, frames, images, prefetches. Browsers without Fetch metadata are let
 * in, since nothing tells their pages from their scripts.
 */
export function requireNavigation(request: IncomingMessage): void {
  if (initiatorOf(request) !== 'unsaid' && !isNavigation(request)) throw new GatewayError('navigation_required')
}
