import assert from 'node:assert/strict'
import { GatewayError } from '../../src/errors.ts'
import { CLIENT_ID, isMoment, ISSUER, type Json, type Mutation, readSigned, TOLERANCE_SECONDS } from './signed-tokens.ts'

interface Verdict {
  readonly token: string
  readonly mutation: Mutation
  /** Has the product judge the token; resolves with what it took from it where it accepts, by the names of the claims. */
  readonly judge: () => Promise<Json>
  /** The rules of this kind of token, and whether they hold. */
  readonly rules: (header: Json, claims: Json) => Readonly<Record<string, boolean>>
  /** The codes by which one may be refused. */
  readonly refusals: readonly string[]
}

/** Holds the product to the rules: what it accepts keeps all of them and is told as it was signed, and an honest token is accepted. */
export async function holdVerdict({ token, mutation, judge, rules, refusals }: Verdict): Promise<void> {
  try {
    const taken = await judge()
    const signed = readSigned(token)
    assert.ok(signed, 'accepted without the signature')
    const holds = { ...everyTokensRules(signed.header, signed.claims), ...rules(signed.header, signed.claims) }
    assert.deepEqual(
      Object.keys(holds).filter((name) => holds[name] === false),
      [],
    )
    assert.deepEqual(taken, Object.fromEntries(Object.keys(taken).map((name) => [name, signed.claims[name]])))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    assert.ok(refusals.includes(error.code), error.code)
    assert.ok(
      Object.values(mutation).some((changes) => changes.length > 0),
      `an honest one was refused: ${error.detail.note}`,
    )
  }
}

function everyTokensRules(header: Json, { iss, aud, exp, iat, nbf }: Json): Record<string, boolean> {
  const at = Date.now() / 1000
  return {
    alg: header['alg'] === 'ES256',
    crit: header['crit'] === undefined,
    iss: iss === ISSUER,
    aud: aud === CLIENT_ID || (Array.isArray(aud) && aud.length === 1 && aud[0] === CLIENT_ID),
    exp: isMoment(exp) && exp > at - TOLERANCE_SECONDS - 1 && exp < 1e12,
    iat: isMoment(iat) && iat < at + TOLERANCE_SECONDS + 1 && iat > at - 3600 - TOLERANCE_SECONDS - 1,
    nbf: nbf === undefined || (isMoment(nbf) && nbf < at + TOLERANCE_SECONDS + 1),
  }
}
