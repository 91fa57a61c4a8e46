import { holdVerdict } from '../hold-verdict.ts'
import { CLIENT_ID, halfHash, ISSUER, type Json, makeToken, type Mutation, mutations, openProvider } from '../signed-tokens.ts'
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
        const answer = new URLSearchParams({ code: 'c', state: 's', iss: ISSUER })
        await holdVerdict({
          token: idToken,
          mutation,
          rules,
          refusals: ['provider_answer_invalid', 'provider_unavailable', 'login_refused'],
          async judge() {
            const redemption = { answer, state: 's', nonce: NONCE, codeVerifier: 'v'.repeat(43) }
            const { identity } = await provider.redeemCode(redemption)
            return { sub: identity.subject }
          },
        })
      },
      stop: async () => provider.stop(),
    }
  },
})

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

function rules({ typ }: Json, { sub, azp, nonce, at_hash: hash, events }: Json): Readonly<Record<string, boolean>> {
  return {
    typ: typ === undefined || typ === null || (typeof typ === 'string' && /^(?:application\/)?(?:id_token\+)?jwt$/i.test(typ)),
    sub: typeof sub === 'string' && /^[ -~]{1,255}$/.test(sub),
    azp: azp === undefined || azp === null || azp === CLIENT_ID,
    nonce: nonce === NONCE,
    at_hash: hash === undefined || hash === null || hash === halfHash(ACCESS_TOKEN),
    events: !JSON.stringify(events ?? '').includes('backchannel-logout'),
  }
}
