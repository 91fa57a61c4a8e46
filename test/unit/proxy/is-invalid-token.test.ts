import { expect, test } from '@jest/globals'
import { isInvalidToken } from '../../../src/proxy/is-invalid-token.ts'

test.each([
  'Bearer error="invalid_token"',
  'bearer realm="api", error="invalid_token", error_description="The access token expired"',
  'Bearer error=invalid_token',
])('says that the token is not good: %s', (challenge) => {
  expect(isInvalidToken(challenge)).toBe(true)
  expect(isInvalidToken(['Basic realm="x"', challenge])).toBe(true)
})

test.each([
  undefined,
  'Bearer',
  'Bearer realm="invalid_token"',
  'Bearer error="insufficient_scope"',
  'Bearer error="invalid_tokens"',
  'Bearer error="insufficient_user_authentication"',
  'DPoP error="invalid_token"',
  'Basic error="invalid_token"',
])('says something else: %s', (challenge) => {
  expect(isInvalidToken(challenge)).toBe(false)
})
