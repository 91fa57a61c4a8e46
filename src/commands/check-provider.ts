import type { BaseUrlConfig, ProviderConfig } from '../config/config.ts'
import { asGatewayError } from '../errors.ts'
import { advertisesS256 } from '../oidc/accept-metadata.ts'
import { exchange } from '../oidc/exchange.ts'
import { createFindClient } from '../oidc/find-client.ts'
import type { ProviderClient } from '../oidc/provider-client.ts'
import { checkLogoutChannels } from './check-logout-channels.ts'
import { explainCode } from './explain-code.ts'
import type { Finding } from './finding.ts'

interface Steps {
  readonly config: ProviderConfig
  readonly baseUrl: BaseUrlConfig
  readonly now: () => number
}

const about = 'provider'

/** Asks the provider for its metadata, as the gateway would, and says what it lacks. */
export async function checkProvider({ config, baseUrl, now }: Steps): Promise<readonly Finding[]> {
  try {
    const client = await createFindClient({ config, exchange, now })(undefined)
    return [...describe(client, config), ...checkLogoutChannels(client.metadata, config, baseUrl)]
  } catch (error) {
    return [{ level: 'fail', about, says: `${config.issuer} cannot be used: ${explainCode(asGatewayError(error).message)}.` }]
  }
}

function describe({ metadata, idTokenAlgorithms }: ProviderClient, config: ProviderConfig): readonly Finding[] {
  const findings: Finding[] = [
    { level: 'ok', about, says: `${config.issuer} answers, and names itself so.` },
    advertisesS256(metadata)
      ? { level: 'ok', about, says: 'S256 is advertised.' }
      : { level: 'warn', about, says: 'S256 is not advertised; it is assumed by configuration (provider.assumeS256).' },
    { level: 'ok', about, says: `ID tokens may be signed with ${idTokenAlgorithms.join(', ')}.` },
  ]
  const unknown = config.scopes.filter((scope) => metadata.scopes_supported?.includes(scope) === false)
  if (unknown.length > 0) findings.push({ level: 'warn', about, says: `It does not list these scopes: ${unknown.join(' ')}.` })
  if (metadata.end_session_endpoint === undefined) {
    findings.push({ level: 'warn', about, says: 'It has no logout endpoint: people who sign out here stay signed in there.' })
  }
  if (metadata.revocation_endpoint === undefined) {
    findings.push({ level: 'warn', about, says: 'It has no revocation endpoint: tokens live on until they lapse there.' })
  }
  return findings
}
