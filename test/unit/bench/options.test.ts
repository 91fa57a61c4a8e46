import { describe, expect, test } from '@jest/globals'
import { readOptions, usageOf } from '../../../bench/options.ts'

const GROUPS = ['carrying', 'store', 'memory']
const read = (...words: string[]) => readOptions(words, GROUPS)

describe('the command line of the measurements', () => {
  test('without a word everything is measured at length, and written', () => {
    expect(read()).toEqual({ groups: GROUPS, isQuick: false, write: true, profile: undefined })
  })

  test('groups are picked by their names, whatever their order, and an unknown one is refused with those that there are', () => {
    expect(read('memory', 'carrying').groups).toEqual(['carrying', 'memory'])
    expect(() => read('speed')).toThrow('There is no group "speed"; there are: carrying store memory.')
    expect(() => read('--fast')).toThrow('--fast')
    expect(usageOf('npm run bench', GROUPS)).toContain('carrying store memory')
  })

  test('a quick run writes nothing unless it is told to, and a profiled one never does', () => {
    expect(read('--quick')).toMatchObject({ isQuick: true, write: false })
    expect(read('--quick', '--write').write).toBe(true)
    expect(read('--no-write').write).toBe(false)
    expect(read('--profile=folder', '--write')).toMatchObject({ profile: 'folder', write: false })
  })
})
