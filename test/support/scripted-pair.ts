import type { ProviderConfig } from '../../src/config/config.ts'
import { connectProvider, type ProviderInTest } from './provider-in-test.ts'
import { startScriptedProvider, type ScriptedOptions, type ScriptedProvider } from './scripted-provider.ts'

/** A scripted provider, and our side of the protocol connected to it. */
export interface ScriptedPair extends ProviderInTest {
  readonly there: ScriptedProvider
  /** A whole login at it, by a browser that does as it is told. */
  readonly signIn: () => ReturnType<ProviderInTest['login']>
}

/** Starts pairs for a test file; `stopAll` belongs into its `afterEach`. */
export function createScriptedPairs() {
  const running: { readonly stop: () => unknown }[] = []

  return {
    async start(
      options: ScriptedOptions = {},
      overrides: Partial<ProviderConfig> = {},
      now?: () => number,
    ): Promise<ScriptedPair> {
      const there = await startScriptedProvider(options)
      const here = await connectProvider(there, overrides, now ? { now } : {})
      running.push(there, here.provider)
      return { ...here, there, signIn: () => here.login(there.authorize) }
    },
    async stopAll(): Promise<void> {
      for (const each of running.splice(0)) await each.stop()
    },
  }
}
