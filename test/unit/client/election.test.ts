import { beforeEach, describe, expect, test } from '@jest/globals'
import { createCandidate } from '../../../client/election.ts'
import { until } from '../../support/until.ts'

/** Tabs of one browser: the runtime's own locks are those of browsers (Web Locks §3). */
function tab(name: string, said: string[]) {
  return createCandidate({ onElected: () => said.push(`${name} watches`), onOver: () => said.push(`${name} does not`) })
}

const locks = navigator.locks
const refuse = () => Promise.reject(new DOMException('no locks here', 'SecurityError'))
beforeEach(() => void Object.defineProperty(navigator, 'locks', { value: locks, configurable: true }))

describe('one of the tabs', () => {
  test('watches, and the next in line takes over when it leaves; one that left before its turn gets none', async () => {
    const said: string[] = []
    const [first, second, third] = [tab('first', said), tab('second', said), tab('third', said)]
    for (const each of [first, second, third]) each.stand()
    await until('the first watches', () => said.includes('first watches'))
    second.leave()
    first.leave()
    await until('the third watches', () => said.includes('third watches'))
    expect(said).not.toContain('second watches')
    third.leave()
  })

  test('is ousted by one that finds it silent, and stands again behind it', async () => {
    const said: string[] = []
    const [first, second] = [tab('first', said), tab('second', said)]
    first.stand()
    second.stand()
    await until('the first watches', () => said.includes('first watches'))
    second.takeOver()
    await until('the second watches', () => said.includes('second watches'))
    await until('the first knows', () => said.includes('first does not'))
    said.length = 0
    second.leave()
    await until('the first watches again', () => said.includes('first watches'))
    first.leave()
  })

  test('that has left before it is elected lets go at once', async () => {
    const said: string[] = []
    let elect: (() => Promise<void>) | undefined
    const request = (...words: readonly unknown[]) => {
      elect = words.at(-1) as typeof elect
      return new Promise(() => undefined)
    }
    Object.defineProperty(navigator, 'locks', { value: { request }, configurable: true })
    const candidate = tab('it', said)
    candidate.takeOver()
    candidate.leave()
    await elect?.()
    expect(said).not.toContain('it watches')
  })

  test('watches for itself where the browser gives no locks', async () => {
    const said: string[] = []
    Object.defineProperty(navigator, 'locks', { value: { request: refuse }, configurable: true })
    const alone = tab('it', said)
    alone.stand()
    await until('it watches', () => said.includes('it watches'))
    alone.leave()
    expect(said).toEqual(['it watches', 'it does not'])
  })
})
