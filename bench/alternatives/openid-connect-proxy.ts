import { Agent } from 'node:http'
import { RedisStore } from 'connect-redis'
import express, { type RequestHandler } from 'express'
import openidConnect, { type SessionStore } from 'express-openid-connect'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { createClient } from 'redis'
import { readSetting } from './read-setting.ts'

// What a user would pick instead of Coatcheck to have sign-in done as well: express-openid-connect, its sessions in Redis so that no
// token is in the cookie, and the usual proxy behind it. Everything that is not named here is its default.

const client = createClient({ url: readSetting('REDIS_URL') })
client.on('error', (error: Error) => process.stderr.write(`${error.message}\n`))
await client.connect()

// Its typings know express-session's store by the data of express-session alone; its documentation names this very store.
const store = new RedisStore({ client }) as unknown as SessionStore

const baseURL = readSetting('BASE_URL')
const app = express().disable('x-powered-by')
app.use(
  openidConnect.auth({
    baseURL,
    issuerBaseURL: readSetting('ISSUER'),
    clientID: readSetting('CLIENT_ID'),
    clientSecret: readSetting('CLIENT_SECRET'),
    secret: readSetting('SESSION_SECRET'),
    idTokenSigningAlg: 'ES256',
    authRequired: false,
    authorizationParams: { response_type: 'code', scope: 'openid profile offline_access' },
    session: { name: 'session', store },
  }),
)

const refuseForged: RequestHandler = (request, response, next) => {
  if (request.get('x-csrf') === '1') next()
  else response.sendStatus(403)
}

const requireToken: RequestHandler = (request, response, next) => {
  const { accessToken } = request.oidc
  if (accessToken !== undefined && !accessToken.isExpired()) next()
  else response.sendStatus(401)
}

app.use(
  '/api',
  refuseForged,
  requireToken,
  createProxyMiddleware<express.Request>({
    target: readSetting('UPSTREAM'),
    changeOrigin: true,
    agent: new Agent({ keepAlive: true, maxSockets: 256 }),
    on: {
      proxyReq(outgoing, { oidc }) {
        outgoing.removeHeader('cookie')
        outgoing.setHeader('authorization', `Bearer ${oidc.accessToken?.access_token}`)
      },
    },
  }),
)

// Where a sign-in ends.
app.get('/', (_request, response) => void response.send('signed in'))

app.listen(Number(readSetting('PORT')), '127.0.0.1')
