import type { BrowserContext, Page } from 'playwright-core'
import { startTogether } from '../support/stops.ts'
import { signIn } from './acts.ts'
import { startWorld, type World } from './world.ts'

/** A person who is signed in, on a page of the app that stays open. */
export interface SignedIn {
  readonly world: World
  readonly person: BrowserContext
  readonly app: Page
  /** Ends the whole world. */
  readonly stop: () => Promise<void>
}

export function startSignedIn(): Promise<SignedIn> {
  return startTogether(async (begun) => {
    const world = begun(await startWorld(), (started) => started.stop())
    const person = await world.newPerson()
    const app = await person.newPage()
    await signIn(app, '/', world)
    return { world, person, app }
  })
}
