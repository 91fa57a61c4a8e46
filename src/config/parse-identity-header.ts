import { parseClaim } from './parse-names.ts'
import { isRefusal, type Refusal } from './refusal.ts'

/** Names that every lane drops from what clients send, so that only we can have said them. */
const IDENTITY = /^(?:X-(?:User|Auth)(?:-[A-Za-z0-9-]+)?|X-(?:Email|Groups|Roles?|Subject)|Remote-[A-Za-z0-9-]+)$/i

/** A header and the claim that it holds, as `X-User=sub`. */
export function parseIdentityHeader(word: string): string | Refusal {
  const [header = '', claim = '', ...rest] = word.split('=')
  if (!IDENTITY.test(header) || rest.length > 0) {
    return {
      refused: 'is not an identity header and its claim.',
      write: 'X-User, X-Auth, X-User-…, X-Auth-…, X-Email, X-Groups, X-Role, X-Roles, X-Subject or Remote-…, such as X-User=sub',
    }
  }
  const parsed = parseClaim(claim)
  return isRefusal(parsed) ? parsed : word
}
