import { availableParallelism } from 'node:os'
import type { Config, RouteConfig, SessionConfig, StoreConfig } from './config.ts'
import type { ForwardAuthConfig } from './network-config.ts'
import type { RouteFiles } from './read-route-files.ts'
import { Secret } from './secret.ts'
import type { Settings } from './settings.ts'

/** Paths as they are on this machine, whole, and what was read already. */
interface Files {
  readonly staticFolder: string | undefined
  readonly passwordFile: string | undefined
  readonly ofRoutes: readonly RouteFiles[]
}

/** Settings as users write them, in the shape in which the folders are handed their slices. */
export function toConfig(settings: Settings, { staticFolder, passwordFile, ofRoutes }: Files): Config {
  const { baseUrl, prefix, provider, webSockets, events, session, login } = settings
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
      logoutTokenType: provider.logoutTokenType,
      frontchannelLogout: provider.frontchannelLogout,
      metadataRefreshMilliseconds: provider.metadataRefresh,
    },
    secrets: settings.secrets,
    store: toStoreConfig(settings.store, passwordFile),
    routes: settings.routes.map((route, index) => toRouteConfig(route, ofRoutes[index])),
    webSockets: {
      idleLimitMilliseconds: webSockets.idleLimit,
      handshakeTimeoutMilliseconds: webSockets.handshakeTimeout,
      mostOpen: webSockets.mostOpen,
      mostOpenPerSession: webSockets.mostOpenPerSession,
    },
    events: {
      heartbeatMilliseconds: events.heartbeat,
      expiringAheadMilliseconds: events.expiringAhead,
      mostPerSession: events.mostPerSession,
    },
    session: toSessionConfig(session),
    login: {
      timeoutMilliseconds: login.timeout,
      mostOpen: login.mostOpen,
      mostPerMinutePerAddress: login.mostPerMinutePerAddress,
      mostPerMinutePerBrowser: login.mostPerMinutePerBrowser,
    },
    network: { trustedProxies: settings.trustedProxies },
    forwardAuth: toForwardAuthConfig(settings.forwardAuth),
    workers: settings.workers === 'auto' ? availableParallelism() : settings.workers,
    log: settings.log,
    drain: { delayMilliseconds: settings.drain.delay, deadlineMilliseconds: settings.drain.deadline },
    admin: { secret: settings.admin.secret },
    staticFolder,
  }
}

function toSessionConfig({
  idleTimeout,
  absoluteTimeout,
  rules,
  endOthersMaxAge,
  ...others
}: Settings['session']): SessionConfig {
  return {
    ...others,
    idleTimeoutMilliseconds: idleTimeout,
    absoluteTimeoutMilliseconds: absoluteTimeout,
    mostPerPerson: others.mostPerPerson,
    endOthersMaxAgeMilliseconds: endOthersMaxAge,
    rules: rules.map(({ claim, value, ...rule }) => ({
      claim,
      value,
      idleTimeoutMilliseconds: rule.idleTimeout,
      absoluteTimeoutMilliseconds: rule.absoluteTimeout,
    })),
  }
}

function toForwardAuthConfig({ peers, listen, identityHeaders }: Settings['forwardAuth']): ForwardAuthConfig {
  const pairs = identityHeaders.map((word) => word.split('='))
  return { peers, listen, identityHeaders: pairs.map(([header = '', claim = '']) => ({ header, claim })) }
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

function toLevel({ acr, maxAge }: Settings['routes'][number]): RouteConfig['level'] {
  if (acr.length === 0 && maxAge === undefined) return undefined
  return { acr, maxAgeSeconds: maxAge === undefined ? undefined : Math.floor(maxAge / 1_000) }
}

function toRouteConfig(route: Settings['routes'][number], files: RouteFiles | undefined): RouteConfig {
  return {
    prefix: route.prefix,
    addresses: route.upstream.map(({ name, origin, socketPath }) => ({ name, origin, socketPath })),
    path: route.upstream[0]?.path ?? '/',
    methods: route.methods,
    proof: route.proof,
    token: route.token,
    level: toLevel(route),
    mostBodyBytes: route.bodyLimit,
    connectTimeoutMilliseconds: route.connectTimeout,
    headersTimeoutMilliseconds: route.headersTimeout,
    bodyTimeoutMilliseconds: route.bodyTimeout,
    requestHeaders: {
      add: route.addRequestHeaders.map(([name, value]) => [name, new Secret(value)]),
      drop: route.dropRequestHeaders,
    },
    responseHeaders: { add: route.addResponseHeaders, drop: route.dropResponseHeaders },
    cookies: route.cookies,
    cache: route.cache,
    tls: { ca: files?.ca, certificate: files?.certificate, key: files?.key, serverName: route.serverName },
    http2: route.http2,
    webSocket: route.webSocket,
  }
}
