import type { BaseUrlConfig, ProviderConfig } from '../config/config.ts'
import type { ProviderClient } from '../oidc/provider-client.ts'
import type { Finding } from './finding.ts'

const about = 'provider'

type Metadata = ProviderClient['metadata']

/**
 * Whether the provider can tell the gateway that a session has ended there (`backchannel_logout_supported`, Back-Channel Logout §2.1;
 * `frontchannel_logout_supported`, Front-Channel Logout §3), and what to register for it.
 */
export function checkLogoutChannels(
  metadata: Metadata,
  { frontchannelLogout }: ProviderConfig,
  { origin, prefix }: BaseUrlConfig,
): readonly Finding[] {
  const back = backChannel(metadata, `${origin}${prefix}/backchannel-logout`)
  return frontchannelLogout ? [...back, ...frontChannel(metadata, `${origin}${prefix}/frontchannel-logout`)] : back
}

function backChannel(metadata: Metadata, url: string): readonly Finding[] {
  if (metadata['backchannel_logout_supported'] !== true) {
    const says = 'It does not say that it knows back-channel logout: who signs out there may stay signed in here'
    return [{ level: 'warn', about, says: `${says}. If it does know it, register: ${url}` }]
  }
  const findings: Finding[] = [{ level: 'ok', about: 'register', says: `back-channel logout URI: ${url}` }]
  if (metadata['backchannel_logout_session_supported'] !== true)
    findings.push({
      level: 'warn',
      about,
      says: 'It does not say that its logout tokens name a session (sid): without one, each ends all sessions of its person here.',
    })
  return findings
}

function frontChannel(metadata: Metadata, url: string): readonly Finding[] {
  const isSupported = metadata['frontchannel_logout_supported'] === true
  const namesSessions = metadata['frontchannel_logout_session_supported'] === true
  if (isSupported && namesSessions) {
    const says = `front-channel logout URI: ${url} (frontchannel_logout_session_required: true)`
    return [{ level: 'ok', about: 'register', says }]
  }
  const lacks = isSupported ? 'that its front-channel logout names a session (iss and sid)' : 'that it knows front-channel logout'
  return [
    {
      level: 'warn',
      about,
      says: `It does not say ${lacks}: provider.frontchannelLogout ends nothing without. If it does, register: ${url}`,
    },
  ]
}
