import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readDocument } from '../../support/documents.ts'
import { tellStory, type Story } from '../../support/story.ts'
import type { TestProvider } from '../../support/provider.ts'

/** The example bodies of the contract, by a member that only one of them has. */
function exampleWith(member: string): Readonly<Record<string, unknown>> {
  const examples = readDocument('docs/http.md')
    .blocks.filter(({ language }) => language === 'json')
    .map(({ code }) => JSON.parse(code))
  return examples.find((example) => member in example)
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]))
}

describe('the contract in docs/http.md', () => {
  let story: Story<TestProvider>

  beforeAll(async () => {
    story = await tellStory({ COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true', COATCHECK_TRUSTED_PROXIES: '127.0.0.1' })
  })
  afterAll(() => story.stop())

  test('names endpoints that are there, by methods that they answer to', async () => {
    const text = readDocument('docs/http.md').prose + readDocument('README.md').prose
    const named = new Map(
      [...text.matchAll(/`(GET|POST) (\/bff\/[a-z./-]+)/g)].map(
        ([, method = '', path = '']) => [`${method} ${path}`, method] as const,
      ),
    )
    expect(named.size).toBeGreaterThanOrEqual(9)
    const missing = await Promise.all(
      [...named].map(async ([name, method]) => {
        const { status } = await fetch(story.origin + name.slice(method.length + 1), { method, redirect: 'manual' })
        return [404, 405, 500].includes(status) ? [`${name}: ${status}`] : []
      }),
    )
    expect(missing.flat()).toEqual([])
  })

  test('shows the bodies that pages get', async () => {
    const browser = await story.openBrowser()
    expect(shapeOf((await browser.fetch('/bff/session')).json())).toEqual(shapeOf(exampleWith('loginUrl')))

    await story.signIn(browser)
    await browser.navigate(`${story.origin}/`)
    expect(shapeOf((await browser.fetch('/bff/session')).json())).toEqual(shapeOf(exampleWith('user')))
    const mine = (await browser.fetch('/bff/sessions')).json() as { sessions: readonly object[] }
    const [shown] = (exampleWith('sessions') as typeof mine).sessions
    // This browser says nothing of itself, and nothing tells its network.
    expect(shapeOf({ network: '', ...mine.sessions[0], device: Object(shown).device })).toEqual(shapeOf(shown))
    expect(shapeOf((await browser.fetch('/bff/logout', { method: 'POST' })).json())).toEqual(shapeOf(exampleWith('continue')))
  })

  test('shows the problem that scripts get, in the README too', async () => {
    const browser = await story.openBrowser()
    const refused = await browser.fetch('/api/orders')
    const [example] = readDocument('README.md').blocks.filter(({ language }) => language === 'json')
    expect(shapeOf(refused.json())).toEqual(shapeOf(JSON.parse(example?.code ?? '')))
    expect(refused.json()).toMatchObject({ ...JSON.parse(example?.code ?? ''), requestId: expect.any(String), reason: 'none' })
    expect(refused.headers['coatcheck-reason']).toBe('none')
  })

  test('says of the private listener what it answers', async () => {
    const { prose } = readDocument('docs/http.md')
    const [alive, ready] = await Promise.all(
      ['/healthz', '/readyz'].map(async (path) => (await (await fetch(story.gateway.privateUrl + path)).text()).trim()),
    )
    expect(prose).toContain(`\`${alive}\``)
    const [, example = ''] = /`(\{"status":"not ready".*?\})`/.exec(prose) ?? []
    expect(shapeOf(JSON.parse(ready ?? ''))).toEqual(shapeOf(JSON.parse(example)))
  })

  test('lists the headers that carried calls get, and the cookie that browsers get', async () => {
    const browser = await story.signedIn()
    await browser.navigate(`${story.origin}/`)
    const answer = await browser.fetch('/api/orders')
    const { prose } = readDocument('docs/http.md')
    for (const name of ['Authorization', 'Via', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Request-Id']) {
      expect(story.upstream.last().values(name)).toHaveLength(1)
      expect(prose).toContain(`\`${name}`)
    }
    expect(prose).toContain(`\`Via: ${story.upstream.last().values('via')[0]}\``)
    expect(prose).toContain(`\`Cache-Control: ${answer.headers['cache-control']}\``)
    expect(browser.cookie('coatcheck')).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' })
  })
})
