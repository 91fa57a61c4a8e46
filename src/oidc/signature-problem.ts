import { compactVerify, type createLocalJWKSet, decodeProtectedHeader, errors } from 'jose'

/** Public keys, by what a header says of them. */
export type Keys = ReturnType<typeof createLocalJWKSet>

/** Whether the header names one of the algorithms: to any other signature keys make no difference. */
export function isAccepted(jws: string, algorithms: readonly string[]): boolean {
  try {
    return algorithms.includes(decodeProtectedHeader(jws).alg ?? '')
  } catch {
    // What has no header has no algorithm.
    return false
  }
}

/** What is wrong with the signature by these keys; undefined where nothing is. */
export function findSignatureProblem(keys: Keys, jws: string, algorithms: readonly string[]): Promise<Error | undefined> {
  return verifyWith(keys, jws, algorithms).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new errors.JWSInvalid()),
  )
}

/** Whether newer keys could change the verdict: an unknown key, or another key under a name that stayed. */
export function mayBeOutdated(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed
}

async function verifyWith(keys: Keys, jws: string, algorithms: readonly string[]): Promise<void> {
  const options = { algorithms: [...algorithms] }
  try {
    await compactVerify(jws, keys, options)
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    // No `kid`, several keys that could be meant: each is tried, never just the first (OpenID Connect Core §10.1).
    for await (const key of error) {
      const verified = await compactVerify(jws, key, options).then(
        () => true,
        () => false,
      )
      if (verified) return
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}
