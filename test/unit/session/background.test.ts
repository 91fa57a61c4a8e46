import { describe, expect, test } from '@jest/globals'
import { createBackground } from '../../../src/session/background.ts'
import { sessionParts } from '../../support/session-parts.ts'

describe('work that goes on without its request', () => {
  test('is waited for by a drain, what it starts meanwhile too', async () => {
    const { report } = sessionParts()
    const background = createBackground(report)
    const done: string[] = []
    const work = async (name: string, then: () => void) => {
      await Promise.resolve()
      done.push(name)
      then()
    }
    background.run(work('first', () => background.run(work('second', () => undefined))))
    await background.idle()
    expect(done).toEqual(['first', 'second'])
  })

  test('is told of when it fails, and keeps nothing from ending', async () => {
    const { report, reported } = sessionParts()
    const background = createBackground(report)
    background.run(Promise.reject(new Error('with a token in its message')))
    await background.idle()
    expect(reported).toMatchObject([{ name: 'unexpected_error', fields: { name: 'Error' } }])
    expect(JSON.stringify(reported)).not.toContain('token')
  })
})
