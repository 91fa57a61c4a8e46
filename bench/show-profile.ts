import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfTimes } from './self-time.ts'

// Prints where the time of a profile goes: node bench/show-profile.ts FOLDER, after npm run bench -- --profile=FOLDER carrying.

const MOST_LINES = 40
const [folder = '.'] = process.argv.slice(2)

for (const name of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile'))) {
  process.stdout.write(`${name}\n`)
  const lines = selfTimes(JSON.parse(readFileSync(join(folder, name), 'utf8'))).slice(0, MOST_LINES)
  for (const [where, share] of lines) process.stdout.write(`${(share * 100).toFixed(1).padStart(6)} %  ${where}\n`)
}
