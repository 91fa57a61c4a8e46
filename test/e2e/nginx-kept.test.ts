import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../support/until.ts'
import type { Answer } from './ask.ts'
import { type NginxAlone, startNginxAlone } from './nginx-alone.ts'

type Decides = (response: ServerResponse) => unknown

let world: NginxAlone
/** By the cookie of whoever calls. */
const decisions = new Map<string, Decides>()
beforeAll(async () => {
  world = await startNginxAlone({ file: 'carries' })
  world.gateway.on('/api/x', (_, response) => void response.writeHead(401).end('refused'))
  world.decides.on('/authorize', ({ headers }, response) => void decisions.get(headers.cookie ?? '')?.(response))
})
afterAll(() => world?.stop())

interface Person {
  readonly call: () => Promise<Answer>
  /** How the gateway decides on calls of theirs from now on. */
  readonly areDecided: (decides: Decides) => void
}

/** Somebody whose calls go on, which is kept. */
async function somebody(): Promise<Person> {
  const Cookie = `__Host-Http-coatcheck=${Math.random()}`
  const call = () => world.get('/api/x', { headers: { Cookie } })
  decisions.set(Cookie, (response) => response.writeHead(204).end())
  expect((await call()).status).toBe(200)
  return { call, areDecided: (decides) => void decisions.set(Cookie, decides) }
}

async function isRefusedFromNowOn({ call }: Person): Promise<void> {
  await until('the call is refused', async () => (await call()).status === 401)
  for (let count = 0; count < 10; count += 1) expect((await call()).status).toBe(401)
}

describe('a yes that is kept for a moment', () => {
  test('is over by itself, though nobody stops calling', async () => {
    const { call, areDecided } = await somebody()
    let isAskedAgain = false
    areDecided((response) => {
      isAskedAgain = true
      response.writeHead(204).end()
    })
    await until('it is asked for again', async () => (await call()).status === 200 && isAskedAgain)
  })

  test('is not used when it is over, whatever has become of the gateway meanwhile', async () => {
    const failures: readonly Decides[] = [
      ...[401, 403, 404, 429, 500, 502, 503, 504].map(
        (status): Decides =>
          (response) =>
            response.writeHead(status).end(),
      ),
      (response) => response.destroy(),
    ]
    const people = await Promise.all(failures.map(() => somebody()))
    for (const [at, { areDecided }] of people.entries()) areDecided(failures[at] ?? (() => undefined))
    await Promise.all(people.map(isRefusedFromNowOn))
  })

  test('is not used when it is over and another call already asks for the next', async () => {
    const { call, areDecided } = await somebody()
    const waiting: ServerResponse[] = []
    areDecided((response) => waiting.push(response))
    const ask = async (): Promise<{ readonly asked: Promise<Answer>; readonly isWaiting: boolean }> => {
      const already = waiting.length
      const asked = call()
      const asks = until('it asks', () => waiting.length > already).then(() => 'asks')
      return { asked, isWaiting: (await Promise.race([asked, asks])) === 'asks' }
    }
    let first = await ask()
    while (!first.isWaiting) first = await ask()
    const second = await ask()
    expect(second.isWaiting).toBe(true)
    for (const response of waiting) response.writeHead(401).end()
    expect((await Promise.all([first.asked, second.asked])).map(({ status }) => status)).toEqual([401, 401])
  })
})
