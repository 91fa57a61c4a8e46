import { describe, expect, jest, test } from '@jest/globals'
import { createKnowledge, type News } from '../../../client/knowledge.ts'
import type { Session, SignedIn } from '../../../client/session.ts'

const signedIn = (sub: string | undefined, change: Partial<SignedIn> = {}): SignedIn => ({
  state: 'signed-in',
  user: sub === undefined ? { name: 'Somebody' } : { sub },
  createdAt: 1,
  idleExpiresAt: 100_000,
  absoluteExpiresAt: 200_000,
  expiring: false,
  ...change,
})
const OUT: Session = { state: 'signed-out', reason: 'signed_out' }

function setUp() {
  const onDoubt = jest.fn()
  const knowledge = createKnowledge({ onDoubt })
  const heard: string[] = []
  knowledge.subscribe(({ state }) => heard.push(state))
  const others: unknown[] = []
  knowledge.onUserChanged(({ user }) => others.push(user?.['sub']))
  const learn = (session: Session, askedAt: number, answeredAt = askedAt + 1): boolean =>
    knowledge.consider({ session, askedAt, answeredAt } satisfies News)
  return { knowledge, learn, onDoubt, heard, others }
}

describe('what a tab knows', () => {
  test('is nothing at first, and then what it learnt', () => {
    const { knowledge, learn, heard } = setUp()
    expect(knowledge.current).toEqual({ state: 'unknown' })
    learn(signedIn('alice'), 10)
    learn(OUT, 20)
    expect(knowledge.current).toBe(OUT)
    expect(heard).toEqual(['signed-in', 'signed-out'])
  })

  test('is the same object while the same holds, so that nothing is drawn anew', () => {
    const { knowledge, learn, heard } = setUp()
    const first = signedIn('alice')
    learn(first, 10)
    learn(signedIn('alice', { idleExpiresAt: 100_400 }), 20)
    expect(knowledge.current).toBe(first)
    expect(heard).toHaveLength(1)
    learn(signedIn('alice', { idleExpiresAt: 160_000 }), 30)
    learn(signedIn('alice', { idleExpiresAt: 160_000, expiring: true }), 40)
    expect(heard).toHaveLength(3)
  })

  test('is not undone by an answer that was asked for earlier: what differs is asked anew', () => {
    const { knowledge, learn, onDoubt } = setUp()
    learn(OUT, 20, 22)
    expect(learn(signedIn('alice'), 15, 25)).toBe(false)
    expect(knowledge.current).toBe(OUT)
    expect(onDoubt).toHaveBeenCalledTimes(1)
    expect(learn({ ...OUT }, 15, 25)).toBe(false)
    expect(onDoubt).toHaveBeenCalledTimes(1)
  })

  test('does not stand still when the clock of the machine is set back', () => {
    const { knowledge, learn } = setUp()
    learn(signedIn('alice'), Date.now() + 3_600_000)
    expect(learn(OUT, Date.now())).toBe(true)
    expect(knowledge.current).toBe(OUT)
  })

  test('says that somebody else is there, signed out in between or not, and not at the first sign-in', () => {
    const { learn, others } = setUp()
    learn(signedIn('alice'), 10)
    learn(signedIn('bob'), 20)
    learn(OUT, 30)
    learn(signedIn('bob', { createdAt: 2 }), 40)
    learn(OUT, 50)
    learn(signedIn('alice'), 60)
    expect(others).toEqual(['bob', 'alice'])
  })

  test('takes another sign-in for another person where no name is shown to tell them apart', () => {
    const { learn, others } = setUp()
    learn(signedIn(undefined), 10)
    learn(signedIn(undefined, { expiring: true }), 20)
    expect(others).toEqual([])
    learn(signedIn(undefined, { createdAt: 2 }), 30)
    expect(others).toHaveLength(1)
  })

  test('keeps the warning until the end is another, whoever has seen too little of the session to give one', () => {
    const { knowledge, learn, onDoubt } = setUp()
    learn(signedIn('alice', { expiring: true }), 10)
    const warned = knowledge.current
    learn(signedIn('alice', { idleExpiresAt: 100_400 }), 20)
    expect(knowledge.current).toBe(warned)
    expect(learn(signedIn('alice'), 15)).toBe(false)
    expect(onDoubt).not.toHaveBeenCalled()
    learn(signedIn('alice', { idleExpiresAt: 250_000 }), 30)
    expect(knowledge.current).toMatchObject({ expiring: false })
    learn(signedIn('alice', { idleExpiresAt: 250_000, expiring: true }), 40)
    learn(signedIn('alice', { idleExpiresAt: 260_000 }), 50)
    expect(knowledge.current).toMatchObject({ expiring: true, idleExpiresAt: 260_000 })
    learn(signedIn('alice', { createdAt: 2 }), 60)
    expect(knowledge.current).toMatchObject({ expiring: false })
  })

  test('is told once to a listener that leaves and comes again as it is called, and not to one that left meanwhile', () => {
    const { knowledge, learn } = setUp()
    const calls: string[] = []
    const arm = (): void => {
      const leave = knowledge.subscribe(() => {
        calls.push('again')
        leave()
        leaveLater()
        if (calls.length < 10) arm()
      })
    }
    arm()
    const leaveLater = knowledge.subscribe(() => void calls.push('later'))
    learn(OUT, 10)
    expect(calls).toEqual(['again'])
    learn(signedIn('alice'), 20)
    expect(calls).toEqual(['again', 'again'])
  })

  test('reaches every listener until it leaves, whatever another one does', () => {
    jest.useFakeTimers()
    const { knowledge, learn } = setUp()
    const calls: string[] = []
    const listener = () => void calls.push('called')
    knowledge.subscribe(() => {
      throw new Error('mine')
    })
    const leave = knowledge.subscribe(listener)
    knowledge.subscribe(listener)
    learn(OUT, 10)
    expect(calls).toHaveLength(2)
    // What failed is still told, to the console and whoever watches for errors.
    expect(() => jest.runAllTimers()).toThrow('mine')
    leave()
    learn(signedIn('alice'), 20)
    expect(calls).toHaveLength(3)
    jest.useRealTimers()
  })
})
