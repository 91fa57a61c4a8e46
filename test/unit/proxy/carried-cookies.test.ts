import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { cookiesOf, mappedSetCookie } from '../../../src/proxy/carried-cookies.ts'
import { routeTo } from '../../support/carrying-lane.ts'

const NAMES = new Set(['basket'])
const route = routeTo('http://a.test', { prefix: '/shop/', path: '/v1/' })

describe("an upstream's cookie", () => {
  test.each([
    ['basket=1', 'basket=1'],
    ['basket=', 'basket='],
    [' basket = a=b ;Secure', 'basket=a=b; Secure'],
    ['basket=1; path=/v1/', 'basket=1; Path=/shop/'],
    ['basket=1; Path=/v1/orders', 'basket=1; Path=/shop/orders'],
    ['basket=1; Path=/v1', 'basket=1; Path=/shop/'],
    ['basket=1; Path=/', 'basket=1; Path=/shop/'],
    ['basket=1; Path=/other/', 'basket=1; Path=/shop/'],
    ['basket=1; Path', 'basket=1; Path=/shop/'],
    ['basket=1; Path=', 'basket=1; Path=/shop/'],
    ['basket=1; Path=/v1/x; Path=/', 'basket=1; Path=/shop/'],
    ['basket=1; Domain=a.test; DOMAIN=b.test', 'basket=1'],
    [
      'basket=1; expires=Thu, 01 Jan 2099 00:00:00 GMT; Partitioned',
      'basket=1; expires=Thu, 01 Jan 2099 00:00:00 GMT; Partitioned',
    ],
    ['basket=1; Priority=High; Unknown', 'basket=1'],
  ])('%s becomes %s', (given, seen) => expect(mappedSetCookie(given, NAMES, route)).toBe(seen))

  test.each([
    'Basket=1',
    'basket',
    '=basket',
    '',
    'basketx=1',
    '__Host-Http-coatcheck=1; basket=1',
    'x;basket=1',
    '\u00a0basket=1',
  ])('does not pass where it is not named: %s', (given) => expect(mappedSetCookie(given, NAMES, route)).toBeUndefined())

  test('never reaches above the prefix, and never another host', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('Path=', '/v1/', '/', '..', ';', 'Domain=x', ' ', '=', 'Path', 'a')), (parts) => {
        const mapped = mappedSetCookie(`basket=1;${parts.join('')}`, NAMES, route) ?? ''
        expect(mapped).not.toMatch(/; domain/i)
        for (const path of mapped.split('; ').filter((part) => /^path/i.test(part)))
          expect(path.startsWith('Path=/shop/')).toBe(true)
      }),
    )
  })
})

describe('the cookies of a request', () => {
  test.each([
    ['basket=1', 'basket=1'],
    ['a=1; basket=2; b=3; basket=4', 'basket=2; basket=4'],
    ['a=1;basket=2', 'basket=2'],
    ['a=1', undefined],
    ['basket', undefined],
    ['=basket', undefined],
    ['\u00a0basket=1; basket\u00a0=2', undefined],
    [undefined, undefined],
  ])('%s pass as %s', (given, passed) => expect(cookiesOf(given, NAMES)).toBe(passed))
})
