import { type Browser, createBrowser } from './browser.ts'
import type { TestGateway } from './gateway.ts'

/** The same browser, whose requests to the base URL now reach another instance. */
export function movedTo(gateway: Pick<TestGateway, 'port'>, browser: Browser): Browser {
  const next = createBrowser({ hosts: { localhost: { host: '127.0.0.1', port: gateway.port } } })
  for (const cookie of browser.jar.all()) next.jar.put(cookie)
  return next
}
