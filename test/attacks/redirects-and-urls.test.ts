import { expect, test } from '@jest/globals'
import { describeAttack } from '../support/describe-attack.ts'

describeAttack('redirects and URLs', (world) => {
  // H-01
  test('a callback works only in the browser that started the sign-in', async () => {
    const { newBrowser, upToCallback, provider, origin, cookieName } = world()
    const [starter, other] = [newBrowser(), newBrowser()]
    const callback = await upToCallback(starter, '/after')
    const redeemed = provider.count('token')

    const stolen = await other.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect([stolen.status, stolen.headers.location]).toEqual([400, undefined])
    expect(other.cookie(cookieName)).toBeUndefined()
    expect(provider.count('token')).toBe(redeemed)

    // And it burnt nothing: whoever started it ends where they wanted to.
    const own = await starter.navigate(callback, { from: `${provider.issuer}/`, follow: false })
    expect([own.status, own.headers.location]).toEqual([303, '/after'])
    expect((await starter.fetch(`${origin}/bff/session`)).json()).toMatchObject({ authenticated: true })
  })
})
