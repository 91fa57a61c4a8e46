import type { Server } from 'node:http'
import { close, listen } from './listen.ts'

/** Runs one part of the demo on its own, on an address such as `0.0.0.0:9400`, until SIGTERM or SIGINT. */
export async function runPart(name: string, address: string, start: (server: Server) => Promise<void> | void): Promise<void> {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(address) ?? []
  const listening = await listen(host ?? '', Number(port ?? -1))
  if (listening.kind === 'refused') {
    console.error(`${name} cannot listen on ${address} (${listening.code}); choose another address, such as 127.0.0.1:9400.`)
    process.exitCode = 1
    return
  }
  try {
    await start(listening.server)
  } catch (error) {
    console.error(`${name} could not start: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
    await close(listening.server)
    return
  }
  console.log(`${name} listens on ${address}`)
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void close(listening.server))
}
