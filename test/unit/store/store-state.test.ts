import { expect, test } from '@jest/globals'
import { createStoreState } from '../../../src/store/store-state.ts'

function begin() {
  let at = 1_000
  const told: string[] = []
  const state = createStoreState(
    (_, fields) =>
      void told.push(['state' in fields ? fields.state : '', 'note' in fields ? fields.note : undefined].join(' ').trim()),
    () => at,
  )
  return { state, told, pass: (milliseconds: number) => void (at += milliseconds) }
}

test('what is refused is told once, however often, and that it is over when a write is taken again', () => {
  const { state, told, pass } = begin()
  state.connected()
  for (let n = 0; n < 100; n++) state.refused('swap', 'OOM')
  pass(2_000)
  state.answered('read', ['x'])
  state.answered('take', 'x')
  state.answered('remove', 1)
  state.answered('swap', 'conflict')
  state.answered('lease', false)
  state.answered('count', 0)
  expect(told).toEqual(['connected', 'refusing OOM (its memory is full)'])
  state.answered('swap', 'written')
  state.answered('swap', 'written')
  expect(told.slice(2)).toEqual(['connected'])
})

test('that it is over is told without any more requests, once it was quiet for two seconds', () => {
  const { state, told, pass } = begin()
  state.refused('swap', 'OOM')
  state.answered('write', true)
  state.settle()
  pass(1_999)
  state.settle()
  expect(told).toHaveLength(1)
  pass(1)
  state.settle()
  state.settle()
  expect(told.slice(1)).toEqual(['connected'])
})

test.each(['READONLY', 'MISCONF', 'NOREPLICAS'])(
  'a server that took no writes at all (%s) does so again once it removes',
  (code) => {
    const { state, told, pass } = begin()
    state.refused('write', code)
    pass(2_000)
    state.answered('read', [])
    state.answered('swap', 'conflict')
    expect(told).toHaveLength(1)
    state.answered('removeLeaving', 3)
    expect(told.at(-1)).toBe('connected')
  },
)

test.each([
  ['write', false],
  ['writeAll', 3],
  ['addMember', 1],
  ['lease', true],
  ['count', 2],
])('any write that needs room shows that there is some: %s', (operation, answer) => {
  const { state, told, pass } = begin()
  state.refused('swap', 'OOM')
  pass(2_000)
  state.answered(operation, answer)
  expect(told.at(-1)).toBe('connected')
})

test('a server at the brink, which takes one write and refuses the next, is told of once', () => {
  const { state, told, pass } = begin()
  for (let n = 0; n < 100; n++) {
    state.refused('write', 'OOM')
    pass(1_000)
    state.answered('write', true)
  }
  expect(told).toEqual(['refusing OOM (its memory is full)'])
})

test('a command that is not permitted is so until it is done, whatever else is', () => {
  const { state, told, pass } = begin()
  state.refused('take', 'NOPERM')
  pass(2_000)
  state.answered('write', true)
  state.answered('read', [])
  expect(told).toEqual(['refusing NOPERM (the user may not do this)'])
  state.answered('take', 'x')
  expect(told.at(-1)).toBe('connected')
})

test('a server that is busy with a script, or late, is well once it answers anything', () => {
  const { state, told, pass } = begin()
  state.refused('read', 'BUSY')
  state.refused('read', 'LATE')
  pass(2_000)
  state.answered('read', [])
  expect(told).toEqual(['refusing BUSY (a script keeps it busy)', expect.stringMatching(/^refusing LATE/), 'connected'])
})

test('a replica that is left for its successor is told of once, until a write is taken', () => {
  const { state, told, pass } = begin()
  state.connected()
  for (let n = 0; n < 10; n++) {
    state.refused('write', 'READONLY')
    state.lost('READONLY')
    state.connected()
  }
  expect(told).toEqual(['connected', 'refusing READONLY (it is a replica)'])
  pass(2_000)
  state.answered('write', true)
  expect(told.at(-1)).toBe('connected')
})

test('a loss is told once for each cause, and ends what was refused before', () => {
  const { state, told } = begin()
  state.connected()
  state.refused('write', 'OOM')
  for (let n = 0; n < 10; n++) {
    state.lost('ETIMEDOUT')
    state.lost('ECONNREFUSED')
  }
  state.connected()
  state.refused('write', 'OOM')
  const oom = 'refusing OOM (its memory is full)'
  expect(told).toEqual(['connected', oom, 'lost ETIMEDOUT', 'lost ECONNREFUSED', 'connected', oom])
})
