import { notStarted } from '../../src/commands/not-started.ts'

/** The port that the app is opened on: COATCHECK_DEMO_PORT, or 8080. */
export function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 8080
  const port = Number(text)
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port
  throw notStarted(`COATCHECK_DEMO_PORT is ${JSON.stringify(text)}; write a port between 1 and 65535, such as 8081.`)
}
