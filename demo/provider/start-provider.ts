import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { answerAsset } from './answer-asset.ts'
import { createAnswerSignIn } from './answer-sign-in.ts'
import { configureProvider, type ProviderSettings } from './configure-provider.ts'
import { loadOidcProvider } from './oidc-provider.ts'
import { errorPage, renderNotFound } from './render.ts'
import { sendPage, setHeaders } from './send.ts'

/** Puts the demo's OpenID provider, with its own pages, on a server that listens already. */
export async function startProvider(server: Server, settings: ProviderSettings): Promise<void> {
  const Provider = await loadOidcProvider()
  const provider = new Provider(settings.issuer, await configureProvider(settings))
  // https is spoken by a proxy in front; this server itself only speaks http.
  provider.proxy = settings.issuer.startsWith('https:')
  // Koa would print what a browser that hangs up does to it.
  provider.on('error', () => undefined)
  provider.on('server_error', (_context, error) => console.error('The demo provider failed:', error))

  provider.use(async (context, next) => {
    await next()
    if (context.status === 404 && context.body === undefined) renderNotFound(context)
  })

  const protocol = provider.callback()
  const answerSignIn = createAnswerSignIn({ provider, appHost: new URL(settings.appOrigin).host })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setHeaders(response, settings.appOrigin)
    const { pathname } = new URL(request.url ?? '/', settings.issuer)
    if (pathname === '/') response.writeHead(303, { Location: settings.appOrigin }).end()
    else if (pathname.startsWith('/sign-in/')) await answerSignIn(request, response)
    else if (!(await answerAsset(pathname, response))) await protocol(request, response)
  }

  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error('The demo provider failed:', error)
      if (response.headersSent) response.destroy()
      else sendPage(response, 500, errorPage('server_error', ''))
    })
  })
}
