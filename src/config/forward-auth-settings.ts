import { z } from 'zod'
import { parseListenAddress } from './parse-listen-address.ts'
import { parseIdentityHeader } from './parse-identity-header.ts'
import { parseTrustedProxy } from './parse-trusted-proxy.ts'
import { text, words } from './setting-kinds.ts'

/** Proxies that carry requests themselves and ask the gateway whether they may. */
export const forwardAuthSettings = z.strictObject({
  peers: words(parseTrustedProxy)
    .prefault([])
    .meta({
      description: 'Proxies (addresses or networks) that may ask /authorize, and are believed about what they ask. Default: off.',
      examples: [['127.0.0.1/32']],
    }),
  listen: text(parseListenAddress)
    .optional()
    .meta({
      description: 'A listener of its own for /authorize. Left out: the private one answers it too.',
      examples: ['127.0.0.1:9091'],
    }),
  identityHeaders: words(parseIdentityHeader)
    .prefault([])
    .meta({
      description:
        'Claims that /authorize answers as headers besides the token, such as X-User=sub. One that is not plain text is a denial.',
      examples: [['X-User=sub']],
    }),
})
