import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { ANSWERS, say } from './answers.ts'
import { createVerifyBearer } from './verify-bearer.ts'

export interface ApiSettings {
  readonly issuer: string
  readonly apiId: string
  readonly apiSecret: string
}

/**
 * Puts the demo API on a server that listens already. It knows nothing of Coatcheck: like any API it wants a bearer token with
 * every call (RFC 6750) and asks the provider whether it is good. Only `/` answers without, to say that it is there.
 */
export function startApi(server: Server, settings: ApiSettings): void {
  const verifyBearer = createVerifyBearer(settings)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://api')
    if (pathname === '/') return say(response, 200, { api: 'The demo API is here; its calls want a bearer token.' })

    const verdict = await verifyBearer(request.headers.authorization)
    if (verdict.kind === 'unknown') return say(response, 503, { error: 'The sign-in service cannot be asked about the token.' })
    if (verdict.kind !== 'good') {
      const why = verdict.kind === 'invalid' ? ' error="invalid_token"' : ''
      response.setHeader('WWW-Authenticate', `Bearer${why}`)
      return say(response, 401, { error: 'This call wants a good bearer token.' })
    }

    const key = `${request.method} ${pathname}`
    const deed = Object.hasOwn(ANSWERS, key) ? ANSWERS[key] : undefined
    if (deed === undefined) return say(response, 404, { error: 'The API has nothing here.' })
    await deed({ request, response, caller: verdict.caller })
  }

  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      // Whoever called has gone; there is nobody left to answer.
      if (response.destroyed) return
      console.error('The demo API failed:', error)
      if (response.headersSent) response.destroy()
      else say(response, 500, { error: 'The API failed.' })
    })
  })
}
