import { describe, expect, test } from '@jest/globals'
import { bodiesSection, type BodyTurn } from '../../../bench/bodies-group.ts'
import { NAMES } from '../../../bench/contenders.ts'
import { latencySection, type LatencyTurn } from '../../../bench/latency-group.ts'
import { memorySection } from '../../../bench/memory-group.ts'
import { leewaySection } from '../../../bench/refresh/leeway-group.ts'
import { socketsSection } from '../../../bench/sockets-group.ts'
import { streamsSection } from '../../../bench/streams-group.ts'
import { storeSection, wrkScript } from '../../../bench/store-group.ts'
import type { Row } from '../../../bench/summarise.ts'

const LATENCY: LatencyTurn = {
  requests: 5_000,
  refused: 0,
  broken: 0,
  p50: 200,
  p90: 300,
  p99: 1_000,
  most: 5_000,
  lateP50: 80,
  lateP99: 150,
  mostWaiting: 0,
  loadIdle: 0.8,
}

const BODY: BodyTurn = { mebibytes: 1_024, seconds: 2, cpuMicroseconds: 1_024_000, growthBytes: 2 ** 20, loadIdle: 0.5 }

const ROW: Row = {
  name: 'few',
  requestsPerSecond: 20_000,
  spread: [19_000, 21_000],
  ratio: 1,
  ratioByCpu: 1,
  p50Milliseconds: 2,
  p99Milliseconds: 8,
  cpuMicrosecondsPerRequest: 50,
  residentMegabytes: 100,
  redisPerRequest: 0.0001,
  redisCommands: [['ping', 11]],
  loadIdle: 0.3,
  foreign: 0,
  faults: [],
}

const MEBIBYTE = 2 ** 20

describe('what groups make of their turns', () => {
  test('latency is compared by the difference of medians, and a request that failed makes it invalid', () => {
    const ours = [
      { ...LATENCY, p50: 300 },
      { ...LATENCY, p50: 450, p99: 2_500 },
      { ...LATENCY, p50: 9_000, p99: 90_000 },
    ]
    const turns = new Map([
      [NAMES.coatcheck, ours],
      [NAMES.nginx, [LATENCY, LATENCY, LATENCY]],
    ])
    const section = latencySection(turns)
    const [row, base] = section.table.rows
    expect(row?.slice(0, 6)).toEqual([NAMES.coatcheck, '0.45 ms', '2.50 ms', '1.00 ms – 90.00 ms', '0.25 ms', '1.50 ms'])
    expect(base?.slice(4, 6)).toEqual(['–', '–'])
    expect(section.goals.map(({ measured, held }) => [measured, held])).toEqual([
      ['0.25 ms', true],
      ['1.50 ms', true],
    ])
    expect(section.faults).toEqual([])
    expect(latencySection(new Map([...turns, [NAMES.nginx, [{ ...LATENCY, broken: 1 }]]])).faults).toHaveLength(1)
    expect(() => latencySection(new Map([[NAMES.nginx, [LATENCY]]]))).toThrow('not both measured')
  })

  test('refreshes are counted beside the latency that they had', () => {
    const quiet = { ...LATENCY, refreshesPerSecond: 0 }
    const turns = new Map([
      ['without refreshes', [quiet, quiet]],
      [
        'during refreshes',
        [
          { ...quiet, p99: 3_000, refreshesPerSecond: 90 },
          { ...quiet, p99: 3_200, refreshesPerSecond: 92 },
        ],
      ],
    ])
    const section = leewaySection(turns, 500, 1, 5)
    expect(section.table.rows[1]?.slice(0, 5)).toEqual(['during refreshes', '91', '0.20 ms', '0.30 ms', '3.10 ms'])
    expect(section.goals[0]).toMatchObject({ measured: '3.10 times, 2.10 ms more', held: false })
  })

  test('bodies are compared by rate, or by processor time, and each kind with its own', () => {
    const kinds = ['answers of 1 MiB', 'one large answer', 'one large upload']
    const turns = (ours: BodyTurn) =>
      new Map(
        kinds.flatMap((kind): [string, BodyTurn[]][] => [
          [`Coatcheck, ${kind}`, [ours]],
          [`Node's own streams, ${kind}`, [BODY]],
        ]),
      )
    const section = bodiesSection(turns({ ...BODY, seconds: 2.5, growthBytes: 31 * MEBIBYTE }), 2 ** 30)
    expect(section.table.rows[0]).toEqual(['Coatcheck, answers of 1 MiB', '410', '1000 µs', '31 MiB', '50 %'])
    expect(section.goals.map(({ held }) => held)).toEqual([false, false, false, false, false, false])
    const limited = bodiesSection(turns({ ...BODY, seconds: 2.5, loadIdle: 0 }), 2 ** 30)
    expect(limited.goals[0]).toMatchObject({ measured: '1.00, by CPU', held: true })
  })

  test('memory is told for each session', () => {
    const section = memorySection(
      [
        { when: 'before', residentBytes: 100 * MEBIBYTE, heapBytes: 50 * MEBIBYTE },
        { when: 'full', residentBytes: 200 * MEBIBYTE, heapBytes: 100 * MEBIBYTE },
        { when: 'beyond', residentBytes: 220 * MEBIBYTE, heapBytes: 110 * MEBIBYTE },
      ],
      10_240,
    )
    expect(section.remarks).toEqual(['Each cached session takes 10.0 KiB of resident memory, 5.0 KiB of the heap.'])
    expect(section.goals[0]).toMatchObject({ measured: '1.10 times', held: true })
  })

  test('what sockets take is told for each of them', () => {
    expect(socketsSection(100 * MEBIBYTE, 150 * MEBIBYTE, 5_120).remarks).toEqual([
      'Each takes 10.0 KiB of resident memory, both of its connections included.',
    ])
  })

  test('what event streams take is told for each of them, and whether all are told within a second', () => {
    const measured = { many: 5_120, before: 100 * MEBIBYTE, after: 150 * MEBIBYTE, share: 0.0123, alone: [1, 2, 9], cpu: 300 }
    expect(streamsSection({ ...measured, together: 400 }).remarks).toEqual([
      'Each takes 10.0 KiB of resident memory.',
      'At rest, heartbeats included, all of them take 1.2 % of a core.',
      'A page is told of an ending elsewhere after 2.0 ms (median; at most 9.0 ms).',
      'Of 5,117 sessions that end at once the last page is told after 400 ms, for which the gateway works 300 ms.',
    ])
    expect([400, 1000].map((together) => streamsSection({ ...measured, together }).goals[0]?.held)).toEqual([true, false])
  })

  test('the store is judged by what it is asked for, cold and warm, and by what its size costs', () => {
    const rows = [ROW, { ...ROW, name: 'many', requestsPerSecond: 18_900 }]
    const judge = (cold: Readonly<Record<string, number>>) =>
      storeSection(rows, cold).goals.map(({ measured, held }) => [measured, held])
    expect(judge({ mget: 1_000, ping: 3 })).toEqual([
      ['0.0001 commands a request', true],
      ['1.000 commands a request', true],
      ['0.945', false],
    ])
    expect(judge({ mget: 1_000, get: 1_000 })[1]).toEqual(['2.000 commands a request', false])
  })

  test('every cookie of the active sessions is sent as it is', () => {
    expect(wrkScript(['coatcheck=s%3Aone', 'coatcheck=s%3Atwo'])).toContain('  "coatcheck=s%3Aone",\n  "coatcheck=s%3Atwo",\n')
  })
})
