import type { Attacked } from './attacked.ts'
import type { Exchange } from './attack-exchange.ts'
import type { Endpoint } from './scripted-provider.ts'
import type { SecretKind } from './secrets-of-attack.ts'

/** A text that somebody sees, and the few secrets that are theirs to see. */
export interface Surface {
  readonly where: string
  readonly text: string
  readonly belongs: readonly SecretKind[]
}

const NOTHING: readonly SecretKind[] = []

/** What a provider is told, by endpoint (OAuth 2.1, RFC 7009, OpenID Connect RP-Initiated Logout §2). */
const TOLD_TO_PROVIDER: Readonly<Record<Endpoint, readonly SecretKind[]>> = {
  metadata: NOTHING,
  jwks: NOTHING,
  authorization: ['state', 'nonce'],
  token: ['client secret', 'code', 'verifier', 'refresh token'],
  userinfo: ['access token'],
  revocation: ['client secret', 'access token', 'refresh token'],
  // An ID token holds the nonce, and says who somebody is.
  endSession: ['state', 'ID token', 'nonce', 'e-mail'],
}

/** Everything that anybody can see of a gateway under attack and of nginx before it: said, kept or written down until now. */
export async function surfacesOf(world: Attacked): Promise<readonly Surface[]> {
  const { privateUrl, stored, commandLine, logs } = world
  const written = Object.entries(await logs()).map(([whose, text]) => [`the log of ${whose}`, text.split('\n')] as const)
  const pages = privateUrl === '' ? [] : ['/metrics', '/readyz', '/healthz']
  const told = await Promise.all(
    pages.map(async (path) => [`the private ${path}`, (await textOf(privateUrl + path)).split('\n')] as const),
  )
  const hidden = [...written, ...told, ['Redis', stored()], ['the list of processes', [await commandLine()]]] as const
  return [
    ...hidden.flatMap(([where, texts]) => texts.map((text) => ({ where, text, belongs: NOTHING }))),
    ...world.exchanges.flatMap((exchange) => toldToBrowser(world, exchange)),
    ...toldToUpstream(world),
    ...toldToProvider(world),
  ]
}

/** Empty once the gateway is stopped. */
function textOf(url: string): Promise<string> {
  return fetch(url).then(
    (answer) => answer.text(),
    () => '',
  )
}

function toldToBrowser({ cookieName, provider }: Attacked, { asked, lines }: Exchange): readonly Surface[] {
  function belongsIn(line: string): readonly SecretKind[] {
    const [, name = '', value = ''] = /^([\w-]+): (.*)$/.exec(line) ?? []
    switch (name.toLowerCase()) {
      case 'set-cookie':
        // It is set by this header, and by nothing else.
        if (value.startsWith(`${cookieName}=`)) return ['session cookie']
        return value.startsWith(`${cookieName}-login-`) ? ['sign-in cookie'] : NOTHING
      case 'location':
        // What the provider is to be told; no script can follow there and read.
        if (value.startsWith(`${provider.issuer}/authorization?`)) return TOLD_TO_PROVIDER.authorization
        return value.startsWith(`${provider.issuer}/endSession?`) ? TOLD_TO_PROVIDER.endSession : NOTHING
      default:
        // Good once, for a minute, in this browser: it stands for the ID token, so that no script sees that.
        return asked === 'POST /bff/logout' ? ['sign-out handle'] : NOTHING
    }
  }
  return lines.map((text) => ({ where: `an answer to ${asked}`, text, belongs: belongsIn(text) }))
}

function toldToUpstream({ upstream }: Attacked): readonly Surface[] {
  const requests = upstream.requests.flatMap(({ method, target, lines, body }) => {
    const fields = lines.map(([written, value]): Surface => {
      const name = written.toLowerCase()
      const belongs: readonly SecretKind[] = name === 'authorization' ? ['access token'] : NOTHING
      return { where: `${name}, as the API was sent it`, text: `${name}: ${value}`, belongs }
    })
    return [
      ...fields,
      { where: 'an address that the API was asked for', text: `${method} ${target}`, belongs: NOTHING },
      { where: 'a body that the API was sent', text: body, belongs: NOTHING },
    ]
  })
  const messages = upstream.tunnels.map(({ bytes }) => ({
    where: 'what the API was sent over a WebSocket',
    text: bytes.toString('latin1'),
    belongs: NOTHING,
  }))
  return [...requests, ...messages]
}

function toldToProvider({ provider }: Attacked): readonly Surface[] {
  return provider.requests.flatMap(({ endpoint, url, rawHeaders, body }) =>
    [url, rawHeaders.join('\n'), body].map((text) => ({
      where: `what the provider was told at its ${endpoint}`,
      text,
      belongs: TOLD_TO_PROVIDER[endpoint],
    })),
  )
}
