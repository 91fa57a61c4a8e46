import type { Request, Response } from 'express'
import { GatewayError } from '../errors.ts'
import { continuePage, reloadPage } from '../pages/continue-page.ts'
import type { Asset } from '../pages/assets.ts'
import type { SendPage } from '../pages/send-page.ts'
import { HOME, parseReturnTo } from '../security/return-to.ts'
import { onlyValueOf, queryOf } from './parameters.ts'

const DAY_SECONDS = 86_400

/** Style, script and picture of our own pages. */
export function createAssets(assets: ReadonlyMap<string, Asset>) {
  return function asset(request: Request, response: Response): void {
    const found = assets.get(String(request.params['name']))
    if (!found) throw new GatewayError('not_found')
    response.set('Cache-Control', `public, max-age=${DAY_SECONDS}`).set('Content-Type', found.type).send(found.body)
  }
}

/** Takes a person who has just signed in to a carried address, by a navigation from our own origin. */
export function createReload(origin: string, prefix: string, sendPage: SendPage) {
  return function reload(request: Request, response: Response): void {
    const returnTo = parseReturnTo(onlyValueOf(queryOf(request), 'returnTo'), origin, prefix)
    sendPage(request, response, returnTo ? reloadPage(returnTo) : continuePage(prefix, HOME))
  }
}
