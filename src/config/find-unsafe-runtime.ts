import type { Problem } from './configuration-error.ts'

/** Switches of Node that undo what the rest promises; they come by the environment, so they are judged with it. */
export function findUnsafeRuntime(env: Readonly<Record<string, string | undefined>>): readonly Problem[] {
  const problems: Problem[] = []
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    problems.push({
      place: 'NODE_TLS_REJECT_UNAUTHORIZED',
      says: 'switches the check of certificates off, so anyone could pose as the provider.',
      write: 'nothing; for a certificate authority of your own set NODE_EXTRA_CA_CERTS to its file',
    })
  }
  if (/--insecure[-_]http[-_]parser/.test(env['NODE_OPTIONS'] ?? '')) {
    problems.push({
      place: 'NODE_OPTIONS',
      says: 'has --insecure-http-parser, which lets requests be smuggled past the proxy in front.',
      write: 'the other options only',
    })
  }
  return problems
}
