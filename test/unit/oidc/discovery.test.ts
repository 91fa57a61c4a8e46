import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'

import { GatewayError } from '../../../src/errors.ts'
import { createDiscovery } from '../../../src/oidc/discovery.ts'

const HOUR = 3_600_000
const run = promisify(execFile)

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] })
})
afterEach(() => {
  jest.useRealTimers()
})

/** A search that always fails, and the milliseconds at which it was made. */
function failing() {
  const attempts: number[] = []
  const start = Date.now()
  const findClient = async () => {
    attempts.push(Date.now() - start)
    throw new GatewayError('provider_unavailable', { note: 'down' })
  }
  return { attempts, discovery: createDiscovery({ findClient, refreshMilliseconds: HOUR, told: () => undefined }) }
}

describe('the search for the provider', () => {
  test('waits a second after the first failure and never more than thirty, each a little less by chance', async () => {
    const { attempts, discovery } = failing()
    await discovery.start()
    await jest.advanceTimersByTimeAsync(300_000)
    discovery.stop()

    const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
    const longest = [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000)
    for (const [index, most] of longest.entries()) {
      expect(waits[index]).toBeLessThanOrEqual(most + 1)
      expect(waits[index]).toBeGreaterThanOrEqual(most * 0.75 - 1)
    }
    expect(new Set(waits).size).toBeGreaterThan(5)
  })

  test('ends when it is told to', async () => {
    const { attempts, discovery } = failing()
    await discovery.start()
    discovery.stop()
    await jest.advanceTimersByTimeAsync(300_000)
    expect(attempts).toHaveLength(1)
  })

  test('ends when it is told to in the middle of an attempt', async () => {
    const { attempts, discovery } = failing()
    const first = discovery.start()
    discovery.stop()
    await first
    await jest.advanceTimersByTimeAsync(300_000)
    expect(attempts).toHaveLength(1)
  })

  test('is begun once, however often it is asked for', async () => {
    const { attempts, discovery } = failing()
    await Promise.all([discovery.start(), discovery.start()])
    expect(attempts).toHaveLength(1)
    discovery.stop()
  })

  test('keeps no process alive', async () => {
    const script = `
      const { createDiscovery } = await import(${JSON.stringify(new URL('../../../src/oidc/discovery.ts', import.meta.url))})
      const findClient = () => Promise.reject(new Error('down'))
      await createDiscovery({ findClient, refreshMilliseconds: 1e9, told: () => console.log('told') }).start()
    `
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 })
    expect(stdout).toBe('told\n')
  })
})
