import { REDIS_MEANINGS } from '../store/redis-meanings.ts'

const UNTRUSTED =
  "its certificate is not trusted; for an authority of your own set NODE_EXTRA_CA_CERTS to that authority's file (of an upstream: its route's ca)"

const UNKNOWN_HERE = 'it wants a certificate from us that it trusts: certificate and key of the route'

const MEANINGS = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'there is no host of that name'],
  ['EAI_AGAIN', 'the name server does not answer'],
  ['EHOSTUNREACH', 'there is no way to that host'],
  ['ENETUNREACH', 'there is no way to that network'],
  ['ETIMEDOUT', 'it did not answer in time'],
  ['TimeoutError', 'it did not answer in time'],
  ['ENOENT', 'there is no such socket'],
  ['EACCES', 'this process may not use it'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['ECONNRESET', 'it broke the connection off'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'it does not speak TLS'],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'it speaks HTTP/2 only; HTTP/1.1 is needed, at least for what has a body'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', UNKNOWN_HERE],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', UNKNOWN_HERE],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', UNKNOWN_HERE],
  ...REDIS_MEANINGS,
])

/** A note in which a system's or server's code occurs, with what the code means. */
export function explainCode(note: string): string {
  const code = note.split(/[^A-Za-z0-9_]+/).find((word) => MEANINGS.has(word))
  return code === undefined ? note : `${note} (${MEANINGS.get(code)})`
}
