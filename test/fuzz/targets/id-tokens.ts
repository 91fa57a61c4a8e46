import assert from 'node:assert/strict'
import { GatewayError } from '../../../src/errors.ts'
import type { Provider } from '../../../src/oidc/port.ts'
import {
  CLIENT_ID,
  halfHash,
  isMoment,
  ISSUER,
  makeToken,
  type Mutation,
  mutations,
  openProvider,
  readSigned,
  TOLERANCE_SECONDS,
} from '../signed-tokens.ts'
import { defineTarget } from '../target.ts'

const ACCESS_TOKEN = 'the-access-token'
const NONCE = 'the-nonce-of-this-login'
const CLAIMS = ['iss', 'sub', 'aud', 'azp', 'exp', 'iat', 'nbf', 'nonce', 'at_hash', 'auth_time', 'acr', 'sid', 'events', 'name']
const WORDS = [
  [ISSUER, `${ISSUER}/`, CLIENT_ID, [CLIENT_ID], [CLIENT_ID, 'another'], NONCE, 'ES256', 'none', 'HS256', 'RS256', 'alice'],
  [
    '',
    'JWT',
    'at+jwt',
    'logout+jwt',
    'x'.repeat(300),
    'ü',
    ['b64'],
    { 'http://schemas.openid.net/event/backchannel-logout': {} },
  ],
].flat()

/** H-24, H-27: what is accepted holds to every rule, by rules written down once more. */
export const idTokens = defineTarget<Mutation>({
  name: 'id-tokens',
  promise: 'an ID token is accepted only where every field of it is right, whatever else is changed, and an honest one is',
  inputs: mutations(CLAIMS, WORDS),
  few: 1_500,
  async prepare() {
    let idToken = ''
    const provider = await openProvider(() => idToken, ACCESS_TOKEN)
    return {
      async attempt(mutation) {
        idToken = makeToken({ typ: 'JWT' }, honestClaims(), mutation)
        await redeem(provider, idToken, mutation)
      },
      stop: async () => provider.stop(),
    }
  },
})

async function redeem(provider: Provider, idToken: string, mutation: Mutation): Promise<void> {
  const answer = new URLSearchParams({ code: 'c', state: 's', iss: ISSUER })
  const redemption = { answer, state: 's', nonce: NONCE, codeVerifier: 'v'.repeat(43) }
  try {
    const { identity } = await provider.redeemCode(redemption)
    const signed = readSigned(idToken)
    assert.ok(signed, 'accepted without the signature')
    assert.deepEqual(findWrong(signed.header, signed.claims), [])
    assert.equal(identity.subject, signed.claims['sub'])
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    assert.ok(['provider_answer_invalid', 'provider_unavailable', 'login_refused'].includes(error.code), error.code)
    assert.ok(
      Object.values(mutation).some((changes) => changes.length > 0),
      `an honest one was refused: ${error.detail.note}`,
    )
  }
}

function honestClaims() {
  const at = Math.floor(Date.now() / 1000)
  return {
    iss: ISSUER,
    sub: 'alice',
    aud: CLIENT_ID,
    exp: at + 300,
    iat: at,
    auth_time: at,
    nonce: NONCE,
    at_hash: halfHash(ACCESS_TOKEN),
    sid: 'there',
    name: 'Alice',
  }
}

type Json = Readonly<Record<string, unknown>>

/** The rules that an accepted token breaks. */
function findWrong(header: Json, claims: Json): readonly string[] {
  const at = Date.now() / 1000
  const { typ } = header
  const { iss, sub, aud, azp, exp, iat, nbf, nonce, at_hash: hash } = claims
  const holds: Readonly<Record<string, boolean>> = {
    alg: header['alg'] === 'ES256',
    crit: header['crit'] === undefined,
    typ: typ === undefined || typ === null || (typeof typ === 'string' && /^(?:application\/)?(?:id_token\+)?jwt$/i.test(typ)),
    iss: iss === ISSUER,
    sub: typeof sub === 'string' && /^[ -~]{1,255}$/.test(sub),
    aud: aud === CLIENT_ID || (Array.isArray(aud) && aud.length === 1 && aud[0] === CLIENT_ID),
    azp: azp === undefined || azp === null || azp === CLIENT_ID,
    exp: isMoment(exp) && exp > at - TOLERANCE_SECONDS - 1 && exp < 1e12,
    iat: isMoment(iat) && iat < at + TOLERANCE_SECONDS + 1 && iat > at - 3600 - TOLERANCE_SECONDS - 1,
    nbf: nbf === undefined || (isMoment(nbf) && nbf < at + TOLERANCE_SECONDS + 1),
    nonce: nonce === NONCE,
    at_hash: hash === undefined || hash === null || hash === halfHash(ACCESS_TOKEN),
    events: !JSON.stringify(claims['events'] ?? '').includes('backchannel-logout'),
  }
  return Object.keys(holds).filter((name) => holds[name] === false)
}
