import { readFileSync } from 'node:fs'
import { sendOnSchedule } from './send-on-schedule.ts'

// A process of its own, so that it can be pinned: reads a schedule from the file that it is given, prints what was counted.

const [file = ''] = process.argv.slice(2)
const counted = await sendOnSchedule(JSON.parse(readFileSync(file, 'utf8')))
process.stdout.write(`${JSON.stringify(counted)}\n`)
