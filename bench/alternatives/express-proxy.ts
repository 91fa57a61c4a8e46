import { Agent } from 'node:http'
import { RedisStore } from 'connect-redis'
import express, { type Request, type RequestHandler } from 'express'
import session from 'express-session'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { createClient } from 'redis'
import { readSetting } from './read-setting.ts'

// What a user would pick instead of Coatcheck: the popular packages for each part, put together with care. Sessions idle out, so
// that connect-redis extends them; connections to the upstream are kept; the cookie stays here and the token goes along.

/** What a login leaves behind, as the usual examples keep it. */
interface SignedIn {
  readonly user: Readonly<Record<string, unknown>>
  readonly accessToken: string
  readonly refreshToken: string
  readonly idToken: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

declare module 'express-session' {
  interface SessionData {
    signedIn: SignedIn
  }
}

const HOUR = 3_600_000

const client = createClient({ url: readSetting('REDIS_URL') })
client.on('error', (error: Error) => process.stderr.write(`${error.message}\n`))
await client.connect()

const app = express().disable('x-powered-by')
app.use(
  session({
    name: 'session',
    secret: readSetting('SESSION_SECRET'),
    store: new RedisStore({ client }),
    resave: false,
    saveUninitialized: false,
    // Secure would need TLS, which nobody measured here has.
    cookie: { httpOnly: true, sameSite: 'strict', secure: false, maxAge: HOUR },
  }),
)

/** Stands in for the login, which is not measured: it keeps what the provider issued to Coatcheck. */
app.post('/login', express.json(), (request, response, next) => {
  const signedIn: SignedIn = request.body
  request.session.regenerate((error) => {
    if (error) return next(error)
    request.session.signedIn = signedIn
    return request.session.save((failure) => (failure ? next(failure) : response.sendStatus(204)))
  })
})

const refuseForged: RequestHandler = (request, response, next) => {
  if (request.get('x-csrf') === '1') next()
  else response.sendStatus(403)
}

const requireSession: RequestHandler = (request, response, next) => {
  const { signedIn } = request.session
  if (signedIn !== undefined && signedIn.expiresAt > Date.now()) next()
  else response.sendStatus(401)
}

app.use(
  '/api',
  refuseForged,
  requireSession,
  createProxyMiddleware<Request>({
    target: readSetting('UPSTREAM'),
    changeOrigin: true,
    agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    on: {
      proxyReq(outgoing, { session }) {
        outgoing.removeHeader('cookie')
        outgoing.setHeader('authorization', `Bearer ${session.signedIn?.accessToken}`)
      },
    },
  }),
)

app.listen(Number(readSetting('PORT')), '127.0.0.1')
