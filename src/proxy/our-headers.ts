import type { BaseUrlConfig } from '../config/config.ts'
import type { AccessToken } from '../session/records.ts'
import type { Carriage } from './carriage.ts'
import type { CarrySteps } from './steps.ts'

/** Adds what is ours to say to headers that were stripped of what a client may not say: never in another order. */
export type AddOurHeaders = (headers: string[], carriage: Carriage, token: AccessToken | undefined) => void

export function createAddOurHeaders(
  { clientAddress }: Pick<CarrySteps, 'clientAddress'>,
  baseUrl: BaseUrlConfig,
  viaName: string,
): AddOurHeaders {
  const forwardedProto = baseUrl.secure ? 'https' : 'http'

  return function addOurHeaders(headers, { request, requestId }, token) {
    if (token !== undefined) headers.push('Authorization', `Bearer ${token}`)
    headers.push('Via', `${request.httpVersion} ${viaName}`, 'X-Forwarded-For', clientAddress(request))
    headers.push('X-Forwarded-Proto', forwardedProto, 'X-Forwarded-Host', baseUrl.host, 'X-Request-Id', requestId)
  }
}
