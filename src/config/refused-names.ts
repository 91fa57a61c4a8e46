/** Names that people bring along from elsewhere, and why there is no such setting here. */
const HINTS = [
  {
    names: /cookie|samesite|httponly|domain/,
    hint: 'nothing: cookies are always __Host-, HttpOnly, Secure, SameSite=Strict and Path=/, without Domain',
  },
  { names: /pkce|codechallenge|codeverifier/, hint: 'nothing: logins always use PKCE with S256' },
  {
    names: /redirecturi|callbackurl|redirecturl/,
    hint: 'nothing: the redirect URI is <baseUrl><prefix>/callback; register that',
  },
  {
    names: /(authorization|authorize|token|userinfo|revocation|logout|endsession|discovery)(endpoint|url|uri)$|jwks/,
    hint: 'nothing: it comes from the metadata of the issuer',
  },
  { names: /responsetype|granttype/, hint: 'nothing: only the authorization code flow is used' },
  {
    names: /insecure|rejectunauthorized|verifyssl|sslverify|tlsverify|skipverify/,
    hint: 'nothing: certificates are always checked; for an authority of your own set NODE_EXTRA_CA_CERTS to its file',
  },
] as const

/** What to write instead of a name that is unknown on purpose. */
export function hintFor(name: string): string | undefined {
  const folded = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return HINTS.find(({ names }) => names.test(folded))?.hint
}
