import { readUsageOfAll } from './usage.ts'

const EVERY_MILLISECONDS = 20

/** Watches what is resident of some processes while `work` runs; answers by how much the most exceeded what was there before, in bytes. */
export async function growthDuring<Answer>(
  pids: readonly number[],
  work: () => Promise<Answer>,
): Promise<{ readonly answer: Answer; readonly growthBytes: number }> {
  const before = readUsageOfAll(pids).residentBytes
  let most = before
  const look = (): void => {
    most = Math.max(most, readUsageOfAll(pids).residentBytes)
  }
  const looking = setInterval(look, EVERY_MILLISECONDS)
  try {
    const answer = await work()
    look()
    return { answer, growthBytes: most - before }
  } finally {
    clearInterval(looking)
  }
}
