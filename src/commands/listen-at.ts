import type { Server } from 'node:http'
import type { ListenAddress } from '../config/config.ts'
import { listen, type Listening } from '../operations/listen.ts'
import { notStarted } from './not-started.ts'

/** Where a server listens. */
export type Place = Extract<Listening, { kind: 'listening' }>

/** Begins to listen; throws what `notStarted` makes where it cannot. `variable` is the one that chooses another address. */
export async function listenAt(server: Server, address: ListenAddress, variable: string): Promise<Place> {
  const listening = await listen(server, address, variable)
  if (listening.kind === 'refused') throw notStarted(listening.says)
  return listening
}

/** Ends a server and whatever is still open there. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
