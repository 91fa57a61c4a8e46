import type { Config, RouteConfig, StoreConfig } from './config.ts'
import type { Settings } from './settings.ts'

/** Paths as they are on this machine, whole. */
interface Places {
  readonly staticFolder: string | undefined
  readonly passwordFile: string | undefined
}

/** Settings as users write them, in the shape in which the folders are handed their slices. */
export function toConfig(settings: Settings, { staticFolder, passwordFile }: Places): Config {
  const { baseUrl, prefix, provider, session, login } = settings
  return {
    baseUrl: { ...baseUrl, prefix },
    listen: { public: settings.listen, private: settings.privateListen },
    provider: {
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      clientAuth: provider.clientAuth,
      scopes: provider.scopes,
      claims: provider.claims,
      timeoutMilliseconds: provider.timeout,
      refreshTimeoutMilliseconds: provider.refreshTimeout,
      refreshLeewayMilliseconds: provider.refreshLeeway,
      refreshWaitMilliseconds: provider.refreshWait,
      clockToleranceSeconds: Math.ceil(provider.clockTolerance / 1000),
      idTokenAlgorithm: provider.idTokenAlgorithm,
      assumeS256: provider.assumeS256,
      userinfo: provider.userinfo,
      metadataRefreshMilliseconds: provider.metadataRefresh,
    },
    secrets: settings.secrets,
    store: toStoreConfig(settings.store, passwordFile),
    routes: settings.routes.map(toRouteConfig),
    session: {
      idleTimeoutMilliseconds: session.idleTimeout,
      absoluteTimeoutMilliseconds: session.absoluteTimeout,
      mostCached: session.mostCached,
      withoutRefreshToken: session.withoutRefreshToken,
    },
    login: {
      timeoutMilliseconds: login.timeout,
      mostOpen: login.mostOpen,
      mostPerMinutePerAddress: login.mostPerMinutePerAddress,
      mostPerMinutePerBrowser: login.mostPerMinutePerBrowser,
    },
    network: { trustedProxies: settings.trustedProxies },
    log: settings.log,
    drain: { delayMilliseconds: settings.drain.delay, deadlineMilliseconds: settings.drain.deadline },
    staticFolder,
  }
}

function toStoreConfig(store: Settings['store'], passwordFile: string | undefined): StoreConfig {
  const { url, sentinelPassword, deadline, outageGrace, mostRecords } = store
  if (url.kind === 'memory') return { kind: 'memory', mostRecords }
  return {
    kind: 'redis',
    url: url.url,
    passwordFile,
    sentinel: url.sentinel && { ...url.sentinel, password: sentinelPassword },
    deadlineMilliseconds: deadline,
    outageGraceMilliseconds: outageGrace,
  }
}

function toRouteConfig(route: Settings['routes'][number]): RouteConfig {
  return {
    prefix: route.prefix,
    origin: route.upstream.origin,
    path: route.upstream.path,
    methods: route.methods,
    proof: route.proof,
    token: route.token,
    mostBodyBytes: route.bodyLimit,
    connectTimeoutMilliseconds: route.connectTimeout,
    headersTimeoutMilliseconds: route.headersTimeout,
    bodyTimeoutMilliseconds: route.bodyTimeout,
  }
}
