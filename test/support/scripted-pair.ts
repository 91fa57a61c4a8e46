import { createHmac } from 'node:crypto'

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

/** A token with no signature, or with a MAC made of any text as key: what an attacker can make without the provider. */
export function forge(claims: object, header: object, macKey?: string): string {
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${macKey === undefined ? '' : createHmac('sha256', macKey).update(signed).digest('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
