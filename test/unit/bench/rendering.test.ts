import { describe, expect, test } from '@jest/globals'
import { NAMES } from '../../../bench/contenders.ts'
import { drawPlot } from '../../../bench/plot.ts'
import { carryingPlot, carryingRemarks, carryingTable } from '../../../bench/results.ts'
import type { Row } from '../../../bench/summarise.ts'
import { renderMarkdown, renderText } from '../../../bench/table.ts'

const TABLE = {
  columns: ['', 'requests/s', 'p50'],
  rows: [
    ['Coatcheck', '17,000', '2.9 ms'],
    ['a|b', '5', '10.1 ms'],
  ],
}

const ROW: Row = {
  name: NAMES.coatcheck,
  requestsPerSecond: 17_123.4,
  spread: [16_000, 18_000],
  ratio: 3.14159,
  p50Milliseconds: 2.94,
  p99Milliseconds: 8.06,
  cpuMicrosecondsPerRequest: 57.4,
  residentMegabytes: 120.2,
  redisPerRequest: 0.00012,
  redisCommands: [['ping', 11]],
  loadIdle: 0.34,
  foreign: 0.01,
  faults: [],
}

describe('how results are shown', () => {
  test('in a terminal the columns line up, numbers to the right', () => {
    expect(renderText(TABLE)).toBe(
      [
        '           requests/s      p50',
        '─────────  ──────────  ───────',
        'Coatcheck      17,000   2.9 ms',
        'a|b                 5  10.1 ms',
        '',
      ].join('\n'),
    )
  })

  test('on a page it is a table, whatever a cell holds', () => {
    expect(renderMarkdown(TABLE)).toBe(
      [
        '|  | requests/s | p50 |',
        '| --- | ---: | ---: |',
        '| Coatcheck | 17,000 | 2.9 ms |',
        String.raw`| a\|b | 5 | 10.1 ms |`,
        '',
      ].join('\n'),
    )
  })

  test('every measure stands in the row with its unit, and a contender without Redis has no number for it', () => {
    const [row, without] = carryingTable([ROW, { ...ROW, redisCommands: undefined }]).rows
    expect(row).toEqual([NAMES.coatcheck, '17,123', '3.14x', '2.9 ms', '8.1 ms', '57 µs', '120 MiB', '0.0001', '34 %', '0'])
    expect(without?.[7]).toBe('–')
  })

  test('a row that does not count says so, and why; a load that was the limit and a busy machine are told', () => {
    const invalid = { ...ROW, foreign: 0.3, faults: ['12 answers were errors'] }
    expect(carryingTable([invalid]).rows[0]?.at(-1)).toBe('INVALID')
    const remarks = carryingRemarks([invalid]).join('\n')
    expect(remarks).toContain('12 answers were errors')
    expect(remarks).toContain('other programs took up to 30 %')
    expect(remarks).toContain('11 ping')
    expect(carryingRemarks([{ ...ROW, loadIdle: 0.02 }]).join('\n')).toContain('no time left')
    expect(carryingRemarks([ROW]).join('\n')).not.toMatch(/INVALID|DISTURBED|no time left/)
  })

  test('a plot says in words what it draws, and draws bars to scale', () => {
    const svg = drawPlot(carryingPlot([ROW, { ...ROW, name: 'a <b> & "c"', requestsPerSecond: 8561.7, spread: [8000, 9000] }]))
    expect(svg).toContain('role="img" aria-labelledby="title says"')
    expect(svg).toContain('Coatcheck: 17,123 (3.14x); a &lt;b&gt; &amp; &quot;c&quot;: 8,562 (3.14x).')
    expect(svg).not.toContain('<b>')
    const [longer = 0, shorter = 0] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(longer / shorter).toBeCloseTo(2, 2)
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})
