import { describe, expect, test } from '@jest/globals'
import { createStops, startTogether } from '../../support/stops.ts'

describe('What a test has started', () => {
  test('is stopped at the end, the last one first, one after the other and each once', async () => {
    const told: string[] = []
    const { add, stopAll } = createStops()
    for (const name of ['first', 'second'])
      add(async () => {
        told.push(`${name} stops`)
        await Promise.resolve()
        told.push(`${name} is stopped`)
      })
    await stopAll()
    await stopAll()
    expect(told).toEqual(['second stops', 'second is stopped', 'first stops', 'first is stopped'])
  })

  test('is stopped even if another cannot be, which is told', async () => {
    const told: string[] = []
    const { add, stopAll } = createStops()
    add(() => told.push('first'))
    add(() => Promise.reject(new Error('it hangs')))
    add(() => {
      throw new Error('it is gone')
    })
    await expect(stopAll()).rejects.toMatchObject({
      message: 'Not stopped: Error: it is gone; Error: it hangs',
      errors: [new Error('it is gone'), new Error('it hangs')],
    })
    expect(told).toEqual(['first'])
  })

  test('together is stopped together, and not before', async () => {
    const told: string[] = []
    const { one, stop } = await startTogether(async (begun) => ({ one: begun('a part', (name) => told.push(name)) }))
    expect([one, ...told]).toEqual(['a part'])
    await stop()
    expect(told).toEqual(['a part'])
  })

  test('is stopped at once where another part does not start, and both mistakes are told', async () => {
    const told: string[] = []
    const startsBadly = startTogether(async (begun) => {
      begun('a part', (name) => told.push(name))
      throw new Error('no port')
    })
    await expect(startsBadly).rejects.toEqual(new Error('no port'))
    expect(told).toEqual(['a part'])

    const stopsBadly = startTogether(async (begun) => {
      begun('a part', () => Promise.reject(new Error('it hangs')))
      throw new Error('no port')
    })
    await expect(stopsBadly).rejects.toThrow('Error: no port AggregateError: Not stopped: Error: it hangs')
  })
})
