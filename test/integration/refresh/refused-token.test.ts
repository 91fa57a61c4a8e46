import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Browser } from '../../support/browser.ts'
import type { ScriptedProvider } from '../../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../../support/story.ts'
import { until } from '../../support/until.ts'

let story: Story<ScriptedProvider>
let browser: Browser
let refused: Set<string>
beforeAll(async () => {
  story = await tellScriptedStory({ COATCHECK_PROVIDER_REFRESH_WAIT: '300ms' })
  story.upstream.answer('/picky', (request, response) => {
    const [, token = ''] = (request.headers.authorization ?? '').split(' ')
    if (!refused.has(token) && !refused.has('*')) response.end('served')
    else response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('refused by the API')
  })
})
afterAll(() => story.stop())
beforeEach(async () => {
  refused = new Set()
  delete story.provider.script.token
  browser = await story.signedIn()
})

const call = (how: Parameters<Browser['fetch']>[1] = {}) => browser.fetch(`${story.origin}/api/picky`, how)
const refreshes = () => story.provider.seen('token').filter(({ form }) => form.get('grant_type') === 'refresh_token').length
const renewed = () => story.gateway.metric('coatcheck_token_refreshes_total', { outcome: 'refreshed' })
const lastToken = () => story.upstream.last().values('authorization')[0]?.split(' ')[1] ?? ''

test('a token that an API calls invalid is renewed, and the call made again with the new one, once', async () => {
  expect((await call()).text).toBe('served')
  const first = lastToken()
  refused.add(first)
  const before = refreshes()
  const answers = await Promise.all([call(), call(), call({ method: 'POST' })])
  expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [200, 'served']))
  expect(lastToken()).not.toBe(first)
  expect(refreshes()).toBe(before + 1)
})

test('an API that calls every token invalid is believed: its 401 is passed on, and causes one refresh, not one per call', async () => {
  refused.add('*')
  const before = refreshes()
  for (let calls = 0; calls < 5; calls += 1) {
    const answer = await call()
    expect([answer.status, answer.text, answer.headers['coatcheck-reason']]).toEqual([401, 'refused by the API', undefined])
  }
  expect(refreshes()).toBe(before + 1)
})

test('a call whose body is gone gets the refusal, and the next one the new token', async () => {
  await call()
  const first = lastToken()
  refused.add(first)
  const before = await renewed()
  expect((await call({ method: 'POST', body: 'once' })).status).toBe(401)
  await until('the token is renewed', async () => (await renewed()) === before + 1)
  expect((await call({ method: 'POST', body: 'twice' })).text).toBe('served')
  expect(lastToken()).not.toBe(first)
})

test('a token that cannot be renewed for the moment is a 503 with its reason, and the session stays', async () => {
  refused.add('*')
  await story.provider.pause()
  try {
    const answer = await call()
    expect([answer.status, answer.json()]).toMatchObject([503, { code: 'token_unavailable', reason: 'network' }])
  } finally {
    await story.provider.resume()
  }
  refused.clear()
  expect((await call()).text).toBe('served')
})
