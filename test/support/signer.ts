import { createHash } from 'node:crypto'

import type { JWK } from 'jose'
import { CompactSign, exportJWK, generateKeyPair, importJWK } from 'jose'

type Json = Readonly<Record<string, unknown>>
type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

/** The keys of a scripted provider. */
export interface Signer {
  readonly algorithm: string
  readonly kid: string
  readonly publicKey: JWK
  readonly published: () => { readonly keys: readonly object[] }
  /** Signs with the present key, whatever the header says it is; members that are undefined are left out. */
  readonly sign: (claims: Json, header?: Json) => Promise<string>
  /** Goes on with a new key, of another algorithm if you like; old ones are published as long as `keepOld` says. */
  readonly rotate: (options?: { readonly algorithm?: string; readonly keepOld?: boolean; readonly kid?: string }) => Promise<void>
  /** `at_hash` of a token (OpenID Connect Core §3.1.3.6). */
  readonly halfHash: (token: string) => string
}

interface Key {
  readonly algorithm: string
  readonly kid: string
  readonly privateKey: PrivateKey
  readonly publicKey: JWK
}

/** Makes a signer with one key, a new one or one that was made by `makePrivateKey`. */
export async function createSigner(algorithm: string, given?: JWK): Promise<Signer> {
  let present = given === undefined ? await makeKey(algorithm) : await readKey(algorithm, given)
  let published: readonly Key[] = [present]

  return {
    get algorithm() {
      return present.algorithm
    },
    get kid() {
      return present.kid
    },
    get publicKey() {
      return present.publicKey
    },
    published: () => ({ keys: published.map((key) => key.publicKey) }),
    sign(claims, header = { alg: present.algorithm, kid: present.kid, typ: 'JWT' }) {
      const { alg = present.algorithm, ...rest } = header
      return new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: String(alg), ...rest })
        .sign(present.privateKey)
    },
    async rotate({ algorithm: next = present.algorithm, keepOld = false, kid } = {}) {
      present = await makeKey(next, kid)
      published = keepOld ? [present, ...published] : [present]
    },
    halfHash(token) {
      const hash = present.algorithm.endsWith('256') ? 'sha256' : present.algorithm.endsWith('384') ? 'sha384' : 'sha512'
      const digest = createHash(hash).update(token).digest()
      return digest.subarray(0, digest.length / 2).toString('base64url')
    },
  }
}

async function makeKey(algorithm: string, kid: string = crypto.randomUUID()): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: algorithm }
  return { algorithm, kid, privateKey, publicKey: jwk }
}

/** A private key that several signers, in several processes, can have. */
export async function makePrivateKey(algorithm: string): Promise<JWK> {
  const { privateKey, kid } = await makeKey(algorithm)
  return { ...(await exportJWK(privateKey)), kid }
}

async function readKey(algorithm: string, given: JWK): Promise<Key> {
  const privateKey = await importJWK(given, algorithm)
  if (privateKey instanceof Uint8Array) throw new Error('A secret is no private key.')
  const { d: _private, kid = '', ...publicPart } = given
  return { algorithm, kid, privateKey, publicKey: { ...publicPart, kid, use: 'sig', alg: algorithm } }
}
