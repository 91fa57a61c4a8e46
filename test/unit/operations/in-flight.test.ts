import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createInFlight } from '../../../src/operations/in-flight.ts'

const makeResponse = () => new ServerResponse(new IncomingMessage(new Socket()))

describe('the answers that are being made', () => {
  test('are counted until each has ended, in whatever order they end', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(19), { minLength: 20, maxLength: 20 }), (order) => {
        const inFlight = createInFlight()
        const responses = order.map(makeResponse)
        for (const response of responses) inFlight.enter(response)
        order.forEach((at, ended) => {
          expect(inFlight.count).toBe(20 - ended)
          responses[at]?.emit('close')
        })
        expect(inFlight.count).toBe(0)
      }),
    )
  })

  test('are counted once, though their connection tells twice that it is gone', () => {
    const inFlight = createInFlight()
    const [one, other] = [makeResponse(), makeResponse()]
    inFlight.enter(one)
    inFlight.enter(other)
    one.emit('close')
    one.emit('close')
    expect(inFlight.count).toBe(1)
  })

  test('are waited for, the last one too', async () => {
    const inFlight = createInFlight()
    const responses = [makeResponse(), makeResponse(), makeResponse()]
    for (const response of responses) inFlight.enter(response)
    const empty = inFlight.empty()
    for (const response of [responses[1], responses[0], responses[2]]) response?.emit('close')
    await expect(empty).resolves.toBeUndefined()
    await expect(inFlight.empty()).resolves.toBeUndefined()
  })

  test('all close their connection once that is asked for, those that come later too', () => {
    const inFlight = createInFlight()
    const [before, after] = [makeResponse(), makeResponse()]
    inFlight.enter(before)
    inFlight.closeConnections()
    inFlight.enter(after)
    expect([before.shouldKeepAlive, after.shouldKeepAlive]).toEqual([false, false])
  })
})
