import { describe, expect, test } from '@jest/globals'
import { judgeBody } from '../../../bench/bodies-group.ts'
import { fillPlainly } from '../../../bench/carrying-nginx.ts'
import { NAMES } from '../../../bench/contenders.ts'
import { compare, judgeBehindNginx, judgeCarrying, judgeColdStart } from '../../../bench/goals.ts'
import { judgeLatency } from '../../../bench/latency-group.ts'
import { judgeBound } from '../../../bench/memory-group.ts'
import { findFaults } from '../../../bench/measure-turn.ts'
import { median } from '../../../bench/median.ts'
import { sumOfSeries } from '../../../bench/read-metric.ts'
import { readWrk } from '../../../bench/read-wrk.ts'
import { commandsBetween, readCommandStatistics } from '../../../bench/redis.ts'
import { judgeLeeway, judgeOutage, judgeStorm } from '../../../bench/refresh/judge.ts'
import { selfTimes } from '../../../bench/self-time.ts'
import { summarise, type Turn } from '../../../bench/summarise.ts'
import { foreignShare, idleShare } from '../../../bench/usage.ts'
import type { Outage } from '../../support/outage.ts'
import type { Storm } from '../../support/refresh-storm.ts'

const WELL = `Running 5s test @ http://127.0.0.1:8080/api/item
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.10ms    1.02ms  25.11ms   92.90%
    Req/Sec    16.30k     1.21k   17.90k    80.00%
  Latency Distribution
     50%    2.94ms
     75%    3.20ms
     90%    3.90ms
     99%    1.20s 
  81543 requests in 5.03s, 29.16MB read
Requests/sec:  16211.33
Transfer/sec:      5.80MB
`

const TURN: Turn = {
  requests: 1000,
  seconds: 1,
  p50Milliseconds: 1,
  p99Milliseconds: 2,
  cpuMicroseconds: 50_000,
  residentBytes: 2 ** 20,
  redisCommands: undefined,
  loadIdle: 0.5,
  foreign: 0,
  faults: [],
}

const STORM: Storm = {
  refreshes: 10_000,
  calls: 1,
  callsByStatus: {},
  failedWrites: 0,
  providerErrors: 0,
  lost: 0,
  signedOut: 0,
  reuses: 0,
}

const OUTAGE: Outage = {
  calls: 1,
  withinGrace: { 200: 10 },
  afterGrace: { 200: 1, 503: 10 },
  reasons: {},
  cookiesSet: 0,
  firstGoodMilliseconds: 2_000,
  lost: 0,
}

const stormHeld = (changed: Partial<Storm>) => judgeStorm({ ...STORM, ...changed }).map(({ held }) => held)
const outageHeld = (changed: Partial<Outage>) => judgeOutage('it', { ...OUTAGE, ...changed }).map(({ held }) => held)
const node = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url, lineNumber: 9 } })
const core = (idleMicroseconds: number, totalMicroseconds: number) => ({ idleMicroseconds, totalMicroseconds })

describe('what the measurements make of their numbers', () => {
  test('the median is the middle one, whatever the order, and the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([10, 9, 100, 1])).toBe(9.5)
    expect(() => median([])).toThrow('no median')
  })

  test('throughput, ratio and cost come from the turns, each by its own median, so that one bad turn changes nothing', () => {
    const slow = [{ ...TURN }, { ...TURN, seconds: 2 }, { ...TURN }]
    const fast = [
      { ...TURN, requests: 3000, residentBytes: 3 * 2 ** 20 },
      { ...TURN, requests: 1, seconds: 60, cpuMicroseconds: 9_000_000, p99Milliseconds: 900, residentBytes: 2 * 2 ** 20 },
      { ...TURN, requests: 5000, cpuMicroseconds: 100_000 },
    ]
    const [one, other] = summarise(
      new Map([
        ['fast', fast],
        ['slow', slow],
      ]),
      'slow',
    )
    expect(one).toMatchObject({
      name: 'fast',
      requestsPerSecond: 3000,
      ratio: 3,
      p99Milliseconds: 2,
      residentMegabytes: 2,
      spread: [1 / 60, 5000],
    })
    expect(one?.cpuMicrosecondsPerRequest).toBe(20)
    expect(one?.ratioByCpu).toBe(2.5)
    expect(other).toMatchObject({ name: 'slow', requestsPerSecond: 1000, ratio: 1 })
  })

  test('nothing is compared with a base that was not measured', () => {
    expect(() => summarise(new Map([['fast', [TURN]]]), 'slow')).toThrow('no median')
  })

  test('Redis commands are counted over all turns, most frequent first; without a Redis there is no count', () => {
    const turns = [
      { ...TURN, redisCommands: { set: 1, get: 1000 } },
      { ...TURN, redisCommands: { get: 1000, ping: 2 } },
    ]
    const [row, none] = summarise(
      new Map([
        ['with', turns],
        ['without', [TURN]],
      ]),
      'with',
    )
    expect(row?.redisCommands).toEqual([
      ['get', 2000],
      ['ping', 2],
      ['set', 1],
    ])
    expect(row?.redisPerRequest).toBeCloseTo(2003 / 2000)
    expect(none?.redisCommands).toBeUndefined()
  })

  test('a fault of any turn stays with the row', () => {
    const [row] = summarise(new Map([['it', [TURN, { ...TURN, faults: ['broken'] }, { ...TURN, faults: ['broken'] }]]]), 'it')
    expect(row?.faults).toEqual(['broken'])
  })

  test('goals are held at their bounds and missed beyond them', () => {
    const turn = { ...TURN, requests: 10_000, cpuMicroseconds: 100_000 }
    const judge = (ours: Partial<Turn>) => {
      const turns: [string, Turn[]][] = [
        [NAMES.coatcheck, [{ ...turn, requests: 30_000, redisCommands: { ping: 5 }, ...ours }]],
        [NAMES.express, [turn]],
        [NAMES.openid, [{ ...turn, requests: 5_000 }]],
        // Bare nginx takes 3.5 µs.
        [NAMES.nginx, [{ ...turn, cpuMicroseconds: 35_000 }]],
      ]
      return judgeCarrying(summarise(new Map(turns), NAMES.express)).map((goal) => goal.held)
    }
    expect(judge({ cpuMicroseconds: 300_000 })).toEqual([true, true, true, true])
    expect(judge({ requests: 29_999, cpuMicroseconds: 301_000 })).toEqual([false, true, false, true])
    expect(judge({ requests: 14_999, cpuMicroseconds: 149_990, redisCommands: { get: 150 } })).toEqual([
      false,
      false,
      true,
      false,
    ])
    expect(() => judgeCarrying([])).toThrow('not measured')
    const behind = (cpuMicroseconds: number) =>
      judgeBehindNginx(
        summarise(
          new Map([
            [NAMES.carrying, [{ ...turn, cpuMicroseconds }]],
            [NAMES.nginx, [{ ...turn, cpuMicroseconds: 65_000 }]],
          ]),
          NAMES.nginx,
        ),
      ).map((goal) => goal.held)
    expect([behind(100_000), behind(100_001)]).toEqual([[true], [false]])
    expect(judgeColdStart('it', 999.4).held).toBe(true)
    expect(judgeColdStart('it', 1000).held).toBe(false)
  })

  test('where the load was the limit of either, processor time is compared instead of throughput', () => {
    const [fast, slow] = [
      { rate: 300, cpu: 5, loadIdle: 0.1 },
      { rate: 100, cpu: 20, loadIdle: 0.5 },
    ]
    expect(compare(fast, slow)).toEqual({ ratio: 3, how: '' })
    expect(compare({ ...fast, loadIdle: 0.09 }, slow)).toEqual({ ratio: 4, how: ', by CPU' })
    expect(compare(fast, { ...slow, loadIdle: 0.09 })).toEqual({ ratio: 4, how: ', by CPU' })
  })

  test('the goals of storms, outages, latency, bodies and memory are held at their bounds and missed beyond them', () => {
    expect(stormHeld({})).toEqual([true, true])
    expect(stormHeld({ lost: 1 })).toEqual([false, true])
    expect(stormHeld({ signedOut: 1 })).toEqual([false, true])
    expect(stormHeld({ reuses: 1 })).toEqual([true, false])

    expect(outageHeld({})).toEqual([true, true, true])
    expect(outageHeld({ lost: 1 })).toEqual([false, true, true])
    expect(outageHeld({ cookiesSet: 1 })).toEqual([false, true, true])
    expect(outageHeld({ withinGrace: { 200: 9, 503: 1 } })).toEqual([true, false, true])
    expect(outageHeld({ afterGrace: { 401: 1 } })).toEqual([true, false, true])
    expect(outageHeld({ firstGoodMilliseconds: 2_001 })).toEqual([true, true, false])

    // Either bound is enough.
    expect(judgeLeeway(10_000, 15_000).held).toBe(true)
    expect(judgeLeeway(1_000, 3_000).held).toBe(true)
    expect(judgeLeeway(10_000, 15_001).held).toBe(false)
    expect(judgeLeeway(1_000, 3_001).held).toBe(false)

    expect(judgeLatency(350, 2_000).map(({ held }) => held)).toEqual([true, true])
    expect(judgeLatency(351, 2_001).map(({ held }) => held)).toEqual([false, false])

    const body = { rate: 90, cpu: 1, growth: 30, loadIdle: 1 }
    expect(judgeBody('it', body, { ...body, rate: 100 }).map(({ held }) => held)).toEqual([true, true])
    expect(judgeBody('it', { ...body, growth: 30.1 }, { ...body, rate: 101 }).map(({ held }) => held)).toEqual([false, false])

    expect(judgeBound(100, 115).held).toBe(true)
    expect(judgeBound(100, 116).held).toBe(false)
  })
})

describe('what the measurements read', () => {
  test('wrk says how much was answered how fast, in whichever unit it chose', () => {
    expect(readWrk(WELL)).toEqual({
      requests: 81_543,
      seconds: 5.03,
      p50Milliseconds: 2.94,
      p99Milliseconds: 1200,
      refused: 0,
      socketErrors: 0,
    })
    expect(readWrk(WELL.replace('2.94ms', '980.00us')).p50Milliseconds).toBeCloseTo(0.98)
    expect(readWrk(WELL.replace('5.03s', '1.50m')).seconds).toBe(90)
  })

  test('answers that are errors and connections that break are seen, and make the turn invalid', () => {
    const bad = `${WELL}  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 12\n`
    const answer = readWrk(bad)
    expect(answer).toMatchObject({ refused: 12, socketErrors: 10 })
    expect(findFaults(answer, answer.requests)).toEqual(['12 answers were errors', '10 connections failed'])
  })

  test('answers that the upstream never gave make the turn invalid, those on their way at its end do not', () => {
    const answer = readWrk(WELL)
    expect(findFaults(answer, answer.requests + 100)).toEqual([])
    expect(findFaults(answer, answer.requests - 1)).toHaveLength(1)
    expect(findFaults(answer, answer.requests + 1000)).toHaveLength(1)
    expect(findFaults({ ...answer, requests: 0 }, 0)).toEqual(['nothing was answered'])
  })

  test('what wrk does not say is an error, not a zero', () => {
    expect(() => readWrk('unable to connect to 127.0.0.1:1 Connection refused')).toThrow('Connection refused')
    expect(() => readWrk(WELL.replace(/^ +99%.*\n/m, ''))).toThrow('did not say')
  })

  test('only the commands sent meanwhile count, and not those that ask for the count', () => {
    const before = readCommandStatistics('# Commandstats\r\ncmdstat_get:calls=10,usec=5\r\ncmdstat_info:calls=1,usec=5\r\n')
    const after = readCommandStatistics(
      'cmdstat_get:calls=30,usec=9\r\ncmdstat_client|tracking:calls=2,usec=1\r\ncmdstat_info:calls=2,usec=5\r\n',
    )
    expect(commandsBetween(before, after)).toEqual({ get: 20, 'client|tracking': 2 })
    expect(commandsBetween(after, after)).toEqual({})
  })

  test('a metric is the sum of its series, or of those with a label of this value', () => {
    const page =
      'refreshes_total{outcome="refreshed",reason=""} 5\nrefreshes_total{outcome="ended",reason=""} 2\nrefreshes_totals 9\n'
    expect(sumOfSeries(page, 'refreshes_total', '')).toBe(7)
    expect(sumOfSeries(page, 'refreshes_total', 'refreshed')).toBe(5)
    expect(sumOfSeries(page, 'never_counted', '')).toBe(0)
  })

  test('a profile is summed up by what ran, without what it called and without idle time', () => {
    const profile = {
      nodes: [
        node(1, '(idle)'),
        node(2, 'carry', 'file:///home/me/src/proxy/carry.ts'),
        node(3, ''),
        node(4, 'carry', 'file:///home/me/src/proxy/carry.ts'),
      ],
      samples: [1, 2, 3, 4],
      timeDeltas: [1_000, 100, 50, 50],
    }
    expect(selfTimes(profile)).toEqual([
      ['carry src/proxy/carry.ts:10', 0.75],
      ['(anonymous)', 0.25],
    ])
  })

  test('the shipped nginx that carries is measured as it is, but for TLS, log and an end to connections', () => {
    const shipped =
      'worker_processes auto;\n# ${NOT_SAID}\naccess_log /dev/stdout it;\nserver {\n  listen ${NGINX_PORT} ssl http2 default_server;\n  ssl_certificate ${NGINX_CERTIFICATE};\n  proxy_pass ${NGINX_API};\n}\n'
    const filled = fillPlainly(shipped, { NGINX_PORT: '1', NGINX_API: 'http://api' })
    expect(filled.replaceAll(/\s+/g, ' ')).toBe(
      'worker_processes 1; access_log off; keepalive_requests 1000000000; server { listen 1 default_server; proxy_pass http://api; } ',
    )
    expect(() => fillPlainly(shipped, { NGINX_PORT: '1' })).toThrow('NGINX_API')
  })

  test('the idle share of a core is of the time between two readings', () => {
    expect(idleShare(core(100, 1000), core(150, 1200))).toBe(0.25)
  })

  test('what other programs took is what the cores were busy with beside our own', () => {
    const [before, after] = [
      [core(0, 0), core(500, 1000)],
      [core(250, 1000), core(1000, 2000)],
    ]
    expect(foreignShare(before, after, 850)).toBe(0.2)
    // The system counts in ticks: our own may seem to be more than all.
    expect(foreignShare(before, after, 1300)).toBe(0)
  })
})
