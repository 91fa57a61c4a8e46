import dns from 'node:dns'

/*
 * Loaded into the gateway's process before anything else (`node --import`): names below `.test`, which no resolver knows
 * (RFC 6761 §6.2), are found on 127.0.0.1, as in the tests' browser.
 */
const lookup = dns.lookup

type Callback = (error: NodeJS.ErrnoException | null, address: string | readonly dns.LookupAddress[], family?: number) => void

function lookUp(hostname: string, options: dns.LookupOptions, callback: Callback): void {
  if (!hostname.endsWith('.test')) return lookup(hostname, options, callback)
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

Object.assign(dns, { lookup: lookUp })
