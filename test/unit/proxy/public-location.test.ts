import { describe, expect, test } from '@jest/globals'
import { publicLocation } from '../../../src/proxy/public-location.ts'
import { routeTo } from '../../support/carrying-lane.ts'

const base = {
  route: routeTo('http://api.internal:3000', { prefix: '/api/', path: '/v1/' }),
  target: '/v1/orders/7?x=1',
  publicOrigin: 'https://app.example',
}

describe('the location of an upstream', () => {
  test.each([
    ['http://api.internal:3000/v1/orders/8?y#z', '/api/orders/8?y#z'],
    ['/v1/orders/8', '/api/orders/8'],
    ['8', '/api/orders/8'],
    ['../users', '/api/users'],
    ['?page=2', '/api/orders/7?page=2'],
    ['https://app.example/v1/orders/8', '/api/orders/8'],
    ['//api.internal:3000/v1/x', '/api/x'],
  ])('%s is %s in the browser', (given, seen) => {
    expect(publicLocation(given, base)).toBe(seen)
  })

  test.each([
    'https://evil.example/',
    '//evil.example/v1/',
    '/\\evil.example/v1/',
    'javascript:alert(1)',
    'data:,x',
    'http://api.internal/v1/x',
    '/admin',
    '../../secret',
    '/v1/%2e%2e/x',
    '/v1//evil.example',
    '/v1/%2fevil',
    'http://ann:pw@api.internal:3000/v1/x',
    'http://[',
    'https://api.internal:3000/v1/x',
    '/V1/x',
  ])('%s does not reach the browser', (given) => {
    expect(publicLocation(given, base)).toBeUndefined()
  })

  test('never becomes another site where everything is carried', () => {
    const everything = { ...base, route: routeTo('http://api.internal:3000', { prefix: '/', path: '/' }), target: '/x' }
    expect(publicLocation('http://api.internal:3000//evil.example/', everything)).toBeUndefined()
  })
})
