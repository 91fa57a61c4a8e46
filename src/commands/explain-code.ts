import { REDIS_MEANINGS } from '../store/redis-meanings.ts'

const UNTRUSTED = "its certificate is not trusted; for an authority of your own set NODE_EXTRA_CA_CERTS to that authority's file"

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
  ...REDIS_MEANINGS,
])

/** A note in which a system's or server's code occurs, with what the code means. */
export function explainCode(note: string): string {
  const code = note.split(/[^A-Za-z_]+/).find((word) => MEANINGS.has(word))
  return code === undefined ? note : `${note} (${MEANINGS.get(code)})`
}
