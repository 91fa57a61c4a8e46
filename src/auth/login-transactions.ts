import { createHash, randomBytes } from 'node:crypto'
import type { ReturnTo } from '../security/return-to.ts'
import type { Spent } from '../security/limits.ts'
import type { RememberedSession } from '../session/predecessor.ts'
import type { Sealer } from '../store/sealing.ts'
import type { Store } from '../store/port.ts'
import type { Binding } from './login-binding.ts'

/** What is kept of a login between its start and its callback. Only `take` gives one, and only once. */
export interface LoginTransaction {
  readonly issuer: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** The classes of sign-in that were asked for, of which it has to be one. */
  readonly acrValues: string | undefined
  readonly maxAgeSeconds: number | undefined
  readonly returnTo: ReturnTo
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** The session that was there when the login began; it ends as `replaced`. */
  readonly replaces: RememberedSession | undefined
  /** Whether the session is to outlive the browser. */
  readonly isRemembered: boolean
  /** What the start counted, to be taken back when the login comes to a good end. */
  readonly spent: readonly Spent[]
}

/** The secrets of a new login: fresh for each, and never used again whatever becomes of it (RFC 7636 §7.1, RFC 9700 §4.7). */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
}

export interface LoginTransactions {
  readonly open: (transaction: LoginTransaction, binding: Binding) => Promise<void>
  /** Taken, not read: of any number of callbacks with this `state`, from the browser that began it, exactly one gets it. */
  readonly take: (state: string, binding: Binding) => Promise<LoginTransaction | undefined>
}

export function makeLoginSecrets(): LoginSecrets {
  const codeVerifier = random()
  return {
    state: random(),
    nonce: random(),
    codeVerifier,
    codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url'),
  }
}

export function createLoginTransactions({
  store,
  sealer,
  namespace,
  lifetimeMilliseconds,
}: {
  readonly store: Pick<Store, 'write' | 'take'>
  readonly sealer: Sealer
  readonly namespace: string
  readonly lifetimeMilliseconds: number
}): LoginTransactions {
  // Another browser has another binding, so that its callback finds nothing and burns nothing.
  const nameOf = (state: string, { secret }: Binding) =>
    `${namespace}:login:${createHash('sha256')
      .update(JSON.stringify([state, secret]))
      .digest('base64url')}`

  return {
    async open(transaction, binding) {
      const name = nameOf(transaction.state, binding)
      await store.write(
        name,
        sealer.seal('login', name, JSON.stringify(transaction), binding.secret),
        lifetimeMilliseconds,
        'absent',
      )
    },
    async take(state, binding) {
      const name = nameOf(state, binding)
      const sealed = await store.take(name)
      if (sealed === undefined) return undefined
      const opened = sealer.open('login', name, sealed, binding.secret)
      return opened.kind === 'opened' ? (JSON.parse(opened.plaintext) as LoginTransaction) : undefined
    },
  }
}

/** 256 bits from the system's random source, 43 characters. */
function random(): string {
  return randomBytes(32).toString('base64url')
}
