import { describe, expect, test } from '@jest/globals'
import { createRequestIdOf } from '../../../src/security/request-id.ts'
import { fakeRequest } from '../../support/fake-request.ts'

const GIVEN = '0af7651916cd43dd8448eb211c80319c'
const requestIdOf = createRequestIdOf(({ socket }) => socket.remoteAddress === '10.0.0.1')
const from = (peer: string, id?: string) => fakeRequest(id === undefined ? {} : { 'X-Request-Id': id }, { peer })

describe("a request's id", () => {
  test("is the trusted proxy's own", () => {
    expect(requestIdOf(from('10.0.0.1', GIVEN))).toBe(GIVEN)
  })

  test.each([undefined, '', 'short', 'x'.repeat(65), 'with space', 'line\nbreak', '<script>', '"}{"level":"error"'])(
    'is a new one where the proxy sends none, or one that is no id: %j',
    (id) => {
      const made = requestIdOf(from('10.0.0.1', id))
      expect(made).toMatch(/^[\w-]{8,64}$/)
      expect(made).not.toBe(id)
    },
  )

  test('is never taken from anybody else', () => {
    expect(requestIdOf(from('203.0.113.9', GIVEN))).not.toBe(GIVEN)
  })

  test('is the same whoever asks, and no two requests share one', () => {
    const [one, other] = [from('203.0.113.9'), from('203.0.113.9')]
    expect(requestIdOf(one)).toBe(requestIdOf(one))
    expect(requestIdOf(one)).not.toBe(requestIdOf(other))
  })
})
