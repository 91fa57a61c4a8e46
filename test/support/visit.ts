/** Where a browser ended that followed redirects at the provider, and what it saw there. */
export interface Visit {
  /** The first address outside the provider, the callback as a rule; or the last one at it. */
  readonly url: URL
  /** The page, where the way ended at the provider. */
  readonly page: string | undefined
}

/** A browser that only ever goes to the provider: it keeps the provider's cookies and stops at the first address elsewhere. */
export interface Visitor {
  readonly visit: (url: string | URL, form?: Readonly<Record<string, string>>) => Promise<Visit>
}

const MOST_REDIRECTS = 15

/** Makes such a browser, with no cookies yet. */
export function createVisitor(issuer: string, fetch: typeof globalThis.fetch = globalThis.fetch): Visitor {
  const cookies = new Map<string, string>()
  const { origin } = new URL(issuer)

  return {
    async visit(start, form) {
      let url = new URL(start)
      let body = form === undefined ? undefined : new URLSearchParams({ ...form })
      for (let redirects = 0; redirects < MOST_REDIRECTS; redirects += 1) {
        if (url.origin !== origin) return { url, page: undefined }
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
        // oxlint-disable-next-line no-await-in-loop -- each redirect follows from the last answer
        const response = await fetch(url, {
          redirect: 'manual',
          headers: cookie === '' ? {} : { cookie },
          ...(body === undefined ? {} : { method: 'POST', body }),
        })
        for (const line of response.headers.getSetCookie()) keep(cookies, line)
        const location = response.headers.get('location')
        // oxlint-disable-next-line no-await-in-loop -- as above
        const page = await response.text()
        if (location === null) return { url, page }
        url = new URL(location, url)
        body = undefined
      }
      throw new Error(`The provider redirects for ever, at last to ${url.href}.`)
    },
  }
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';')
  const at = pair.indexOf('=')
  const value = pair.slice(at + 1)
  if (value === '') cookies.delete(pair.slice(0, at))
  else cookies.set(pair.slice(0, at), value)
}
