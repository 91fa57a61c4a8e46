import type { EventsConfig } from './events-config.ts'
import type { ForwardAuthConfig, NetworkConfig } from './network-config.ts'
import type { DrainConfig, LogConfig } from './operation-config.ts'
import type { RouteParts } from './route-parts.ts'
import type { ProviderConfig } from './provider-config.ts'
import type { Secret } from './secret.ts'
import type { SentinelConfig } from './sentinel-config.ts'
import type { AuthenticationLevel } from '../session/authentication-level.ts'
import type { WebSocketsConfig } from './web-sockets-config.ts'

export type { ProviderConfig }

/** Everything that can be configured, parsed and frozen; each folder is handed its own slice. */
export interface Config {
  readonly baseUrl: BaseUrlConfig
  readonly listen: ListenConfig
  readonly provider: ProviderConfig
  readonly secrets: readonly [Secret, ...Secret[]]
  readonly store: StoreConfig
  readonly routes: readonly RouteConfig[]
  readonly webSockets: WebSocketsConfig
  readonly events: EventsConfig
  readonly session: SessionConfig
  readonly login: LoginConfig
  readonly network: NetworkConfig
  readonly forwardAuth: ForwardAuthConfig
  /** Processes that serve together on this machine, 1 or more. */
  readonly workers: number
  readonly log: LogConfig
  readonly drain: DrainConfig
  readonly admin: AdminConfig
  /** Folder of the page to serve, absolute; undefined: nginx serves it. */
  readonly staticFolder: string | undefined
}

export interface BaseUrlConfig {
  /** What browsers see, scheme, host and port, as `URL.origin` writes it. */
  readonly origin: string
  /** The `Host` that browsers send for it. */
  readonly host: string
  /** Whether browsers speak https; false only for localhost. */
  readonly secure: boolean
  /** Prefix of our own endpoints, `/bff`, no slash at the end. */
  readonly prefix: string
}

export interface ListenConfig {
  readonly public: ListenAddress
  readonly private: ListenAddress
}

export interface ListenAddress {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

export type StoreConfig = MemoryStoreConfig | RedisStoreConfig

export interface MemoryStoreConfig {
  readonly kind: 'memory'
  /** Above it, new records are refused; nothing is evicted. */
  readonly mostRecords: number
}

export interface RedisStoreConfig {
  readonly kind: 'redis'
  /** `redis://`, `rediss://` or `unix://`; secret, since it may hold a password. With sentinels, its host is theirs to name. */
  readonly url: Secret
  /** Whole path of the file that holds the password, read anew for each connection; undefined: the URL holds it, if there is one. */
  readonly passwordFile: string | undefined
  /** Who is asked where the primary is, before each connection. */
  readonly sentinel: SentinelConfig | undefined
  /** Nothing waits longer than this for one answer of Redis. */
  readonly deadlineMilliseconds: number
  /** How long cached sessions carry on while Redis does not answer. */
  readonly outageGraceMilliseconds: number
}

export interface RouteConfig extends RouteParts {
  /** Path prefix, begins and ends with `/`. */
  readonly prefix: string
  /** Path that replaces the prefix, begins and ends with `/`. */
  readonly path: string
  /** Methods that are carried, upper case. */
  readonly methods: readonly string[]
  /** What a request must show besides the cookie. */
  readonly proof: 'header' | 'same-origin' | 'none'
  /** The sign-in that is demanded; undefined: whichever. */
  readonly level: AuthenticationLevel | undefined
  /** `user`: the session's access token; `none`: no session needed, no token sent. */
  readonly token: 'user' | 'none'
  readonly mostBodyBytes: number
  readonly connectTimeoutMilliseconds: number
  /** Until the answer's headers. */
  readonly headersTimeoutMilliseconds: number
  /** Between two pieces of a body. */
  readonly bodyTimeoutMilliseconds: number
  /** Whether WebSocket handshakes become tunnels. */
  readonly webSocket: boolean
}

/** Stricter timeouts for those whose claim is, or holds, the value. */
export interface LifetimeRule {
  readonly claim: string
  readonly value: string
  readonly idleTimeoutMilliseconds: number | undefined
  readonly absoluteTimeoutMilliseconds: number | undefined
}

export interface SessionConfig {
  readonly idleTimeoutMilliseconds: number
  readonly absoluteTimeoutMilliseconds: number
  readonly rules: readonly LifetimeRule[]
  /** Sessions that one person may have at once; undefined: any number. */
  readonly mostPerPerson: number | undefined
  /** How long ago, in milliseconds, the sign-in may lie of who ends other sessions of theirs. */
  readonly endOthersMaxAgeMilliseconds: number | undefined
  /** Whether the cookie is kept until the absolute deadline: never, where the person asked for it, or always. */
  readonly rememberMe: 'off' | 'offered' | 'always'
  /** Most opened records that are kept in the process. */
  readonly mostCached: number
  /** `end`: a session without a refresh token ends with its access token; `login`: it stays, and calls are offered a new sign-in. */
  readonly withoutRefreshToken: 'end' | 'login'
}

export interface LoginConfig {
  /** How long a login may take. */
  readonly timeoutMilliseconds: number
  /** Login transactions that one browser may have open. */
  readonly mostOpen: number
  readonly mostPerMinutePerAddress: number
  readonly mostPerMinutePerBrowser: number
}

export interface AdminConfig {
  /** Undefined: there is no administration. */
  readonly secret: Secret | undefined
}
