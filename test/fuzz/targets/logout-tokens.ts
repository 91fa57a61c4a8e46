import { LOGOUT_EVENT, logoutClaims } from '../../support/logout-token.ts'
import { holdVerdict } from '../hold-verdict.ts'
import { CLIENT_ID, ISSUER, type Json, makeToken, type Mutation, mutations, openProvider } from '../signed-tokens.ts'
import { defineTarget } from '../target.ts'

const CLAIMS = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'sid', 'events', 'nonce']
const WORDS = [
  [ISSUER, CLIENT_ID, [CLIENT_ID], [CLIENT_ID, 'another'], [[CLIENT_ID]], 'ES256', 'none', 'HS256', 'alice', '', 'JWT', 'at+jwt'],
  [{ [LOGOUT_EVENT]: {} }, { [LOGOUT_EVENT]: [] }, { [LOGOUT_EVENT]: null }, [LOGOUT_EVENT], LOGOUT_EVENT, ['exp'], 'ü'],
].flat()

/** H-24, H-28. */
export const logoutTokens = defineTarget<Mutation>({
  name: 'logout-tokens',
  promise: 'a logout token is accepted only where every field of it is right, whatever else is changed, and an honest one is',
  inputs: mutations(CLAIMS, WORDS),
  few: 1_500,
  async prepare() {
    const provider = await openProvider(() => '', '')
    return {
      async attempt(mutation) {
        const token = makeToken({ typ: 'logout+jwt' }, logoutClaims({ issuer: ISSUER, clientId: CLIENT_ID }), mutation)
        await holdVerdict({
          token,
          mutation,
          rules,
          refusals: ['logout_token_invalid', 'provider_unavailable'],
          async judge() {
            const { tokenId, subject, providerSession } = await provider.verifyLogoutToken(token)
            return { jti: tokenId, sub: subject, sid: providerSession }
          },
        })
      },
      stop: async () => provider.stop(),
    }
  },
})

function rules({ typ }: Json, claims: Json): Readonly<Record<string, boolean>> {
  const { sub, jti, sid, events } = claims
  const event: unknown =
    typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT)
      ? Reflect.get(events, LOGOUT_EVENT)
      : undefined
  return {
    typ: typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)),
    sub: sub === undefined || (typeof sub === 'string' && /^[ -~]{1,255}$/.test(sub)),
    sid: sid === undefined || isText(sid),
    who: sub !== undefined || sid !== undefined,
    jti: isText(jti),
    events: typeof event === 'object' && event !== null && !Array.isArray(event),
    nonce: !Object.hasOwn(claims, 'nonce'),
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
