import type { ProviderConfig } from '../../src/config/config.ts'
import { connectProvider, type ProviderInTest } from './provider-in-test.ts'
import { startScriptedProvider, type ScriptedOptions, type ScriptedProvider } from './scripted-provider.ts'
import { createStops } from './stops.ts'

/** A scripted provider, and our side of the protocol connected to it. */
export interface ScriptedPair extends ProviderInTest {
  readonly there: ScriptedProvider
  /** A whole login at it, by a browser that does as it is told. */
  readonly signIn: () => ReturnType<ProviderInTest['login']>
}

/** Starts pairs for a test file; `stopAll` belongs into its `afterEach`. */
export function createScriptedPairs() {
  const { add, stopAll } = createStops()

  return {
    async start(
      options: ScriptedOptions = {},
      overrides: Partial<ProviderConfig> = {},
      now?: () => number,
    ): Promise<ScriptedPair> {
      const there = await startScriptedProvider(options)
      add(() => there.stop())
      const here = await connectProvider(there, overrides, now ? { now } : {})
      add(() => here.provider.stop())
      return { ...here, there, signIn: () => here.login(there.authorize) }
    },
    stopAll,
  }
}
