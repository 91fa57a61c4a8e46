import { setTimeout as pause } from 'node:timers/promises'
import { type Attack, ATTACKS } from './attacks.ts'
import { startWorld, type World } from './world.ts'

// What it costs to be attacked: `npm run fuzz:limits`. For each attack the gateway's memory, and how long an honest client waits meanwhile.

const AFTERWARDS_MILLISECONDS = 2_000
const HONEST_EVERY_MILLISECONDS = 20
const HONEST_AT_LEAST = 50

const world = await startWorld()
try {
  await attack(world, { name: 'nothing, to warm up', many: 2_000, begin: () => Promise.resolve({ giveUp: () => undefined }) })
  for (const each of ATTACKS) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time
    await attack(world, each)
  }
} finally {
  await world.stop()
}

async function attack(world: World, { name, many, begin }: Attack): Promise<void> {
  const before = world.memory()
  const stopAsking = new AbortController()
  const asked = askHonestly(world, stopAsking.signal)
  const { says, giveUp } = await begin(world, many)
  await pause(HONEST_AT_LEAST * HONEST_EVERY_MILLISECONDS)
  const during = world.memory()
  stopAsking.abort()
  const { waits, failed } = await asked
  giveUp()
  await pause(AFTERWARDS_MILLISECONDS)
  const [before_, during_, after_] = [before, during, world.memory()].map((bytes) => `${Math.round(bytes / 1e6)}`)
  process.stdout.write(
    [
      `${many} × ${name}: ${before_} → ${during_} → ${after_} MB`,
      `an honest client waited ${ofShare(waits, 0.5)} ms, ${ofShare(waits, 0.99)} ms at the 99th percentile, ${ofShare(waits, 1)} ms at most`,
      `${failed} of ${waits.length} failed${says === undefined ? '' : `; ${says}`}\n`,
    ].join('; '),
  )
}

/** Asks both lanes in turns, as somebody does who knows of nothing. */
async function askHonestly({ origin }: World, signal: AbortSignal) {
  const waits: number[] = []
  let failed = 0
  for (let n = 0; !signal.aborted; n += 1) {
    const began = performance.now()
    const answer = await fetch(`${origin}${n % 2 === 0 ? '/open/plain' : '/bff/session'}`, { headers: { 'X-CSRF': '1' } }).catch(
      () => undefined,
    )
    await answer?.text()
    if (answer?.status !== 200) failed += 1
    waits.push(performance.now() - began)
    await pause(HONEST_EVERY_MILLISECONDS)
  }
  return { waits, failed }
}

function ofShare(waits: readonly number[], share: number): number {
  const sorted = waits.toSorted((one, other) => one - other)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}
