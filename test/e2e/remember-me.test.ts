import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openProfile } from '../support/chromium.ts'
import type { ScriptedProvider } from '../support/scripted-provider.ts'
import { type Story, tellScriptedStory } from '../support/story.ts'
import { callApi } from './acts.ts'

let story: Story<ScriptedProvider>
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-profile-'))
  const page = fileURLToPath(new URL('page', import.meta.url))
  story = await tellScriptedStory({ COATCHECK_SESSION_REMEMBER_ME: 'offered', COATCHECK_STATIC: page })
})
afterAll(async () => {
  await story?.stop()
  await rm(folder, { recursive: true })
})

test.each([
  ['that was chosen to outlive it is there', '?remember=true', true],
  ['that was not is gone', '', false],
])(
  'When a real browser is closed and opened again, a session %s.',
  async (_, query, remembers) => {
    const { origin } = story
    const profile = join(folder, String(remembers))
    const before = await openProfile(profile)
    const first = await before.newPage()
    await first.goto(`${origin}/bff/login${query}`)
    expect((await callApi(first, '/api/x')).status).toBe(200)
    await before.close()

    const after = await openProfile(profile)
    const page = await after.newPage()
    await page.goto(origin)
    const { status } = await callApi(page, '/api/x')
    const cookies = (await after.cookies(origin)).map(({ name, expires }) => [name, expires > Date.now() / 1_000])
    await after.close()
    expect([status, cookies]).toEqual(remembers ? [200, [['coatcheck', true]]] : [401, []])
  },
  60_000,
)
