import type { IncomingMessage, ServerResponse } from 'node:http'

/** The little of `oidc-provider` that the demo calls; the package itself carries no types. */
export interface OidcProvider {
  /** Set where a trusted proxy speaks https for it. */
  proxy: boolean
  use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
  /** Answers the request: goes on with the login by the result. */
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
    options: { mergeWithLastSubmission: boolean },
  ): Promise<void>
  on(event: string, listener: (...args: readonly unknown[]) => void): void
}

/** A login that waits for a person. */
export interface Interaction {
  readonly uid: string
  /** What is asked of the person: `login`, or `consent` where they are known already. */
  readonly prompt: { readonly name: string }
}

/** A grant: what a client may ask for in a person's name. */
export interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

/** What configuration functions are given (a Koa context). */
export interface Context {
  type: string
  status: number
  body: unknown
  readonly oidc: {
    readonly client?: { readonly clientId: string }
    readonly params?: { readonly scope?: string }
    readonly session: { readonly accountId: string; grantIdFor(clientId: string): string | undefined }
    readonly provider: {
      readonly Grant: {
        new (of: { accountId: string; clientId: string }): Grant
        find(id: string): Promise<Grant | undefined>
      }
    }
  }
}

type OidcProviderClass = new (issuer: string, configuration: object) => OidcProvider

/**
 * Loads the package with its notices held back: it tells a developer, at import and at the first use of some defaults, what to
 * change before production. The demo is no production, and its terminal belongs to its own few lines.
 */
export async function loadOidcProvider(): Promise<OidcProviderClass> {
  for (const level of ['info', 'warn'] as const) {
    const say = console[level].bind(console)
    console[level] = (...words: readonly unknown[]) => {
      if (!String(words[0]).includes('oidc-provider ')) say(...words)
    }
  }
  // Not a literal: the compiler would ask for the types that the package does not have.
  const name: string = 'oidc-provider'
  const { default: Provider }: { readonly default: OidcProviderClass } = await import(name)
  return Provider
}
