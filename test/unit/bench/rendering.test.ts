import { describe, expect, test } from '@jest/globals'
import { NAMES } from '../../../bench/contenders.ts'
import { drawPlot } from '../../../bench/plot.ts'
import { carryingPlot, carryingRemarks, carryingTable, disturbance, faultsOf } from '../../../bench/results.ts'
import type { KeptSection } from '../../../bench/kept-sections.ts'
import { renderPage } from '../../../bench/results-page.ts'
import type { Section } from '../../../bench/section.ts'
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
  ratioByCpu: 2.71828,
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
    expect(row).toEqual([
      NAMES.coatcheck,
      '17,123',
      '3.14x',
      '57 µs',
      '2.72x',
      '2.9 ms',
      '8.1 ms',
      '120 MiB',
      '0.0001',
      '34 %',
      '0',
    ])
    expect(without?.[8]).toBe('–')
  })

  test('a row that the load was the limit of is compared by processor time alone', () => {
    const [row] = carryingTable([{ ...ROW, loadIdle: 0.09 }]).rows
    expect(row?.slice(1, 5)).toEqual(['(17,123)', '–', '57 µs', '2.72x'])
  })

  test('a row that does not count says so, and why; a load that was the limit and a busy machine are told', () => {
    const invalid = { ...ROW, foreign: 0.3, faults: ['12 answers were errors'] }
    expect(carryingTable([invalid]).rows[0]?.at(-1)).toBe('INVALID')
    const remarks = carryingRemarks([invalid]).join('\n')
    expect(faultsOf([invalid, ROW])).toEqual([`${NAMES.coatcheck}: 12 answers were errors.`])
    expect(disturbance(0.3).join('')).toContain('other programs took 30 %')
    expect(disturbance(0.09)).toEqual([])
    expect(remarks).toContain('11 ping')
    expect(carryingRemarks([{ ...ROW, loadIdle: 0.02 }]).join('\n')).toContain('no time left')
    expect(carryingRemarks([ROW]).join('\n')).not.toContain('no time left')
  })

  test('a plot says in words what it draws, and draws bars to scale', () => {
    const svg = drawPlot(
      carryingPlot('Requests', [ROW, { ...ROW, name: 'a <b> & "c"', requestsPerSecond: 8561.7, spread: [8000, 9000] }]),
    )
    expect(svg).toContain('role="img" aria-labelledby="title says"')
    expect(svg).toContain('Coatcheck: 17,123 (3.14x); a &lt;b&gt; &amp; &quot;c&quot;: 8,562 (3.14x).')
    expect(svg).not.toContain('<b>')
    const [longer = 0, shorter = 0] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(longer / shorter).toBeCloseTo(2, 2)
    expect(svg).toContain('prefers-color-scheme: dark')
  })

  test('a page shows what was promised, then each section with its plot, its table, its remarks and what makes it invalid', () => {
    const section: Section = {
      title: 'The lane',
      plot: { title: 'The lane', says: '', bars: [] },
      table: TABLE,
      says: 'How it was measured.',
      remarks: ['A remark.'],
      goals: [{ says: 'is fast', measured: '3 times', held: true }],
      faults: ['it broke'],
    }
    const kept = (name: string, changed: Partial<KeptSection>) => ({
      name,
      command: 'run it',
      circumstances: ['2 cores'],
      section,
      ...changed,
    })
    const framing = { title: 'Measurements', intro: 'Written by it.', again: 'Run it.\n' }
    const page = renderPage(framing, [
      kept('one', {}),
      kept('two', {}),
      kept('three', { command: 'run three', circumstances: ['4 cores'] }),
    ])
    expect(page).toMatch(/^# Measurements\n\nWritten by it\.\n\n\| Coatcheck \| measured \|/)
    expect(page.match(/\| is fast \| 3 times \| held \|/g)).toHaveLength(3)
    // Once for all that share them.
    expect(page.match(/Measured by `run it` on:\n\n- 2 cores/g)).toHaveLength(1)
    expect(page).toContain('Measured by `run three` on:\n\n- 4 cores')
    expect(page).toContain('## The lane\n\n![The lane](results/two.svg)\n\n| ')
    expect(page).toContain('How it was measured.\n\n- A remark.\n- INVALID: it broke\n')
    expect(page.endsWith('## Again\n\nRun it.\n')).toBe(true)
  })

  test('a bar without turns has no line of their spread', () => {
    const bar = { name: 'one', value: 1, label: '1', ours: true }
    expect(drawPlot({ title: '', says: '', bars: [bar, { ...bar, spread: [1, 2] }] }).match(/<line /g)).toHaveLength(1)
    // Nothing to draw is drawn as nothing.
    expect(drawPlot({ title: '', says: '', bars: [{ ...bar, value: 0 }] })).toContain('width="0"')
  })
})
