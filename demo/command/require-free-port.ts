import { notStarted } from '../../src/commands/not-started.ts'
import { close, listen } from '../listen.ts'

// `localhost` is both to a browser, and it asks the second one first: whoever listens there would be shown instead of the demo.
const LOOPBACKS = ['127.0.0.1', '::1']

/** Refuses, in a sentence that helps, to go on where the app's port cannot be had. */
export async function requireFreePort(port: number): Promise<void> {
  for (const host of LOOPBACKS) {
    const answer = await listen(host, port)
    if (answer.kind === 'listening') await close(answer.server)
    else if (answer.code === 'EADDRINUSE') throw notStarted(await sayWhoHolds(port))
    else if (answer.code === 'EACCES')
      throw notStarted(`Port ${port} is not for ordinary users. Take another one: ${tryAnother(port)}`)
    // Any other code on ::1: this machine has no IPv6, and nobody can listen there.
  }
}

async function sayWhoHolds(port: number): Promise<string> {
  const holder = (await isDemo(port)) ? 'another Coatcheck demo' : 'another program, often a development server'
  return [
    `Port ${port} is in use, probably by ${holder}.`,
    `  See which:          lsof -i :${port}`,
    `  Take another one:   ${tryAnother(port)}`,
  ].join('\n')
}

async function isDemo(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://localhost:${port}/`, { signal: AbortSignal.timeout(1000) })
    return (await response.text()).includes('<title>Coatcheck, the demo</title>')
  } catch {
    return false
  }
}

function tryAnother(port: number): string {
  return `COATCHECK_DEMO_PORT=${port < 1024 ? 8080 : port + 1} npm run demo`
}
