import { describe, expect, test } from '@jest/globals'
import { createReport } from '../../../src/operations/create-report.ts'
import { EVENT_TABLE } from '../../../src/operations/event-table.ts'
import { createLogger } from '../../../src/operations/logger.ts'
import { createMetrics } from '../../../src/operations/metrics.ts'
import { readDocument } from '../../support/documents.ts'
import { collectLines } from '../../support/lines.ts'

function begin(level: 'debug' | 'fatal' | 'silent') {
  const lines = collectLines()
  const metrics = createMetrics({ version: '1' })
  return { ...lines, ...createReport({ logger: createLogger({ level }, lines.output), metrics, carried: 'failures' }) }
}

describe('the audit log', () => {
  test('marks who came in, who went and by whose hand, and nothing else', () => {
    const { report, parsed } = begin('debug')
    report('session_ended', { session: 'abc', subject: 'ada', reason: 'revoked' })
    report('login_finished', { outcome: 'denied', note: 'login_denied' })
    report('token_refreshed', { outcome: 'ended', milliseconds: 1 })
    report('administered', { outcome: 'ended', administrator: 'root', why: 'left', subject: 'ada', ended: 2 })
    report('token_refreshed', { outcome: 'refreshed', milliseconds: 1 })
    report('store_state', { state: 'connected' })
    expect(parsed().map(({ event, audit }) => [event, audit])).toEqual([
      ['session_ended', true],
      ['login_finished', true],
      ['token_refreshed', true],
      ['administered', true],
      ['token_refreshed', undefined],
      ['store_state', undefined],
    ])
    expect(parsed()[3]).toMatchObject({ administrator: 'root', why: 'left', subject: 'ada', ended: 2, time: expect.any(String) })
  })

  test('is written however little is logged besides, and only a silent log is silent', () => {
    const [quiet, silent] = [begin('fatal'), begin('silent')]
    for (const { report } of [quiet, silent]) {
      report('session_ended', { subject: 'ada', reason: 'signed_out' })
      report('store_state', { state: 'lost' })
    }
    expect(quiet.parsed()).toMatchObject([{ event: 'session_ended', audit: true, level: 'info' }])
    expect(silent.parsed()).toEqual([])
  })

  test('cannot be forged by what somebody calls themselves', () => {
    const { report, text } = begin('debug')
    report('administered', { outcome: 'refused', administrator: 'x"}\n{"audit":true,"event":"login_finished"}' })
    expect(text().trimEnd().split('\n')).toHaveLength(1)
  })

  test('is documented, event by event', () => {
    const section = readDocument('docs/operating.md').prose.split('## The audit log')[1]?.split('\n## ')[0] ?? ''
    const documented = [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name)
    const audited = Object.entries(EVENT_TABLE).flatMap(([name, row]) => ('audit' in row ? [name] : []))
    expect(documented).toHaveLength(audited.length)
    expect(new Set(documented)).toEqual(new Set(audited))
  })
})
