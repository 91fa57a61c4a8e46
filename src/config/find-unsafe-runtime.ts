import type { Problem } from './configuration-error.ts'

/** Switches of Node that undo what the rest promises, in the environment or on the command line (`process.execArgv`). */
export function findUnsafeRuntime(
  env: Readonly<Record<string, string | undefined>>,
  execArgv: readonly string[],
): readonly Problem[] {
  const problems: Problem[] = []
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    problems.push({
      place: 'NODE_TLS_REJECT_UNAUTHORIZED',
      says: 'switches the check of certificates off, so anyone could pose as the provider.',
      write: 'nothing; for a certificate authority of your own set NODE_EXTRA_CA_CERTS to its file',
    })
  }
  for (const [place, flags] of [
    ['NODE_OPTIONS', env['NODE_OPTIONS'] ?? ''],
    ['The command line of node', execArgv.join(' ')],
  ] as const) {
    // Node takes underscores for hyphens.
    if (!/--insecure[-_]http[-_]parser/.test(flags)) continue
    problems.push({
      place,
      says: 'has --insecure-http-parser, which lets requests be smuggled past the proxy in front.',
      write: 'the other options only',
    })
  }
  return problems
}
