import assert from 'node:assert/strict'
import { GatewayError } from '../../../src/errors.ts'
import { LOGOUT_EVENT, logoutClaims } from '../../support/logout-token.ts'
import {
  CLIENT_ID,
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
        try {
          const { tokenId, subject, providerSession } = await provider.verifyLogoutToken(token)
          const signed = readSigned(token)
          assert.ok(signed, 'accepted without the signature')
          assert.deepEqual(findWrong(signed.header, signed.claims), [])
          assert.deepEqual(
            [tokenId, subject, providerSession],
            ['jti', 'sub', 'sid'].map((name) => signed.claims[name]),
          )
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          assert.ok(['logout_token_invalid', 'provider_unavailable'].includes(error.code), error.code)
          assert.ok(
            Object.values(mutation).some((changes) => changes.length > 0),
            `an honest one was refused: ${error.detail.note}`,
          )
        }
      },
      stop: async () => provider.stop(),
    }
  },
})

type Json = Readonly<Record<string, unknown>>

/** The rules that an accepted token breaks. */
function findWrong(header: Json, claims: Json): readonly string[] {
  const at = Date.now() / 1000
  const { typ } = header
  const { iss, sub, aud, exp, iat, nbf, jti, sid, events } = claims
  const event: unknown =
    typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT)
      ? Reflect.get(events, LOGOUT_EVENT)
      : undefined
  const holds: Readonly<Record<string, boolean>> = {
    alg: header['alg'] === 'ES256',
    crit: header['crit'] === undefined,
    typ: typ === undefined || (typeof typ === 'string' && /^(?:application\/)?(?:logout\+)?jwt$/i.test(typ)),
    iss: iss === ISSUER,
    sub: sub === undefined || (typeof sub === 'string' && /^[ -~]{1,255}$/.test(sub)),
    sid: sid === undefined || isText(sid),
    who: sub !== undefined || sid !== undefined,
    aud: aud === CLIENT_ID || (Array.isArray(aud) && aud.length === 1 && aud[0] === CLIENT_ID),
    exp: isMoment(exp) && exp > at - TOLERANCE_SECONDS - 1 && exp < 1e12,
    iat: isMoment(iat) && iat < at + TOLERANCE_SECONDS + 1 && iat > at - 3600 - TOLERANCE_SECONDS - 1,
    nbf: nbf === undefined || (isMoment(nbf) && nbf < at + TOLERANCE_SECONDS + 1),
    jti: isText(jti),
    events: typeof event === 'object' && event !== null && !Array.isArray(event),
    nonce: !Object.hasOwn(claims, 'nonce'),
  }
  return Object.keys(holds).filter((name) => holds[name] === false)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
