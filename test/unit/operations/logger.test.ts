import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../../src/config/secret.ts'
import { createLogger } from '../../../src/operations/logger.ts'
import { collectLines } from '../../support/lines.ts'

function logged(fields: object): Record<string, unknown> | undefined {
  const { output, parsed } = collectLines()
  createLogger({ level: 'trace' }, output).line('info', 'session_began', fields)
  return parsed()[0]
}

describe('the log', () => {
  test('a line is JSON with its level by name, the time in ISO 8601 and the event', () => {
    expect(logged({ subject: 'ada' })).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'session_began',
      subject: 'ada',
    })
  })

  test('a field that is not on the allow list is not written, however it came in', () => {
    const line = logged({
      subject: 'ada',
      accessToken: 'at-canary',
      err: new Error('err-canary'),
      level: 'fatal',
      msg: 'msg-canary',
    })
    expect(Object.keys(line ?? {})).toEqual(['level', 'time', 'event', 'subject'])
  })

  test('an object under an allowed name is not written, so nothing can hide in it', () => {
    const line = logged({ note: { refreshToken: 'rt-canary' }, subject: ['a-canary'], stack: new Error('e-canary'), path: null })
    expect(JSON.stringify(line)).not.toContain('canary')
  })

  test('a secret under an allowed name prints as [secret]', () => {
    expect(logged({ note: new Secret('canary') })).toMatchObject({ note: '[secret]' })
  })

  test.each([
    ['a second line', 'a\r\n{"level":"info","event":"login_finished"}'],
    ['a terminal sequence', '\u001b[2J\u001b]0;owned\u0007'],
    ['C1 controls', 'a\u0085b\u009bc'],
    ['marks that turn text around', 'a\u202egpj.exe\u2066x\u200f'],
    ['line separators of Unicode', 'a\u2028b\u2029c'],
    ['half a character', 'a\ud800b'],
    ['NUL', 'a\0b'],
  ])('%s in a text cannot leave it', (_, text) => {
    const { output, text: written } = collectLines()
    createLogger({ level: 'info' }, output).line('info', 'request', { path: text })
    expect(written().trimEnd().split('\n')).toHaveLength(1)
    const path = String(JSON.parse(written()).path)
    expect(path).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    expect(path).toContain('\ufffd')
  })

  test('letters of every language stay as they are', () => {
    expect(logged({ subject: 'Ægir 雨 ёлка' })).toMatchObject({ subject: 'Ægir 雨 ёлка' })
  })

  test('a text of 64 kB is cut', () => {
    expect(String(logged({ path: 'x'.repeat(65_536) })?.['path'])).toHaveLength(501)
  })

  test('numbers that JSON cannot say are left out', () => {
    expect(logged({ milliseconds: Number.NaN, status: 200 })).toMatchObject({ status: 200 })
    expect(logged({ milliseconds: Number.NaN })).not.toHaveProperty('milliseconds')
  })

  test('what is quieter than the configured level is not written', () => {
    const { output, text } = collectLines()
    const logger = createLogger({ level: 'warn' }, output)
    logger.line('info', 'request', {})
    expect(text()).toBe('')
    expect(logger.has('info')).toBe(false)
    expect(logger.has('error')).toBe(true)
  })
})
