/** Switches of Node that take away what the gateway stands on, each with what to do instead. */
const UNSAFE = [
  {
    isOn: (env: NodeJS.ProcessEnv, flags: readonly string[]) =>
      flags.includes('--insecure-http-parser') || (env['NODE_OPTIONS'] ?? '').includes('insecure-http-parser'),
    says: 'Node was started with --insecure-http-parser, which lets requests be smuggled past the proxy in front. Remove it from NODE_OPTIONS or the command line.',
  },
  {
    isOn: (env: NodeJS.ProcessEnv) => env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
    says: 'NODE_TLS_REJECT_UNAUTHORIZED=0 lets anyone pose as the sign-in service. Remove it; for a certificate authority of your own set NODE_EXTRA_CA_CERTS to its file.',
  },
] as const

/** What is unsafe about the way Node was started: a sentence for each, none where all is well. */
export function unsafeRuntime(env: NodeJS.ProcessEnv, flags: readonly string[]): readonly string[] {
  return UNSAFE.filter(({ isOn }) => isOn(env, flags)).map(({ says }) => says)
}
