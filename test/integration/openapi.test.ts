import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { CONTRACT } from '../../src/auth/contract.ts'
import { createBrowser } from '../support/browser.ts'
import { readDocument } from '../support/documents.ts'
import { startGateway } from '../support/gateway.ts'
import type { TestProvider } from '../support/provider.ts'
import { type Story, tellStory } from '../support/story.ts'

interface Schema {
  readonly $ref?: string
  readonly oneOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly type?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

let story: Story<TestProvider>
let contract: OpenApi

beforeAll(async () => {
  story = await tellStory({ COATCHECK_PROVIDER_FRONTCHANNEL_LOGOUT: 'true' })
  contract = await readContract(story.origin)
})
afterAll(() => story.stop())

async function readContract(origin: string): Promise<OpenApi> {
  return (await createBrowser().fetch(`${origin}/bff/openapi.json`)).json() as OpenApi
}

/** Whether a body keeps to a schema: no member is missing, none is unknown, each is of its kind. */
function keepsTo(body: unknown, schema: Schema = {}): boolean {
  if (schema.$ref) return keepsTo(body, contract.components.schemas[schema.$ref.replace('#/components/schemas/', '')])
  if (schema.oneOf) return schema.oneOf.filter((each) => keepsTo(body, each)).length === 1
  if (schema.enum) return schema.enum.includes(body)
  if ('const' in schema) return body === schema.const
  if (schema.type === 'array') return Array.isArray(body) && body.every((item) => keepsTo(item, schema.items))
  if (schema.type === 'integer') return Number.isInteger(body)
  if (schema.type !== 'object') return typeof body === schema.type
  const { properties, required = [] } = schema
  if (typeof body !== 'object' || body === null) return false
  if (!properties) return true
  return (
    required.every((name) => name in body) &&
    Object.entries(body).every(([name, inner]) => name in properties && keepsTo(inner, properties[name]))
  )
}

const operations = (): readonly (readonly [path: string, method: string])[] =>
  Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((name) => name !== 'parameters')
      .map((method) => [path, method.toUpperCase()] as const),
  )

describe('the contract for machines', () => {
  test('has every endpoint that is mounted, with every method that it answers to and no other', async () => {
    expect(contract.openapi).toBe('3.1.0')
    const paths = Object.keys(CONTRACT).map((path) => `/bff${path.replace(/:(\w+)/, '{$1}')}`)
    expect(Object.keys(contract.paths).toSorted()).toEqual(paths.toSorted())
    const answered = await Promise.all(
      paths.flatMap((path) =>
        ['GET', 'POST', 'DELETE', 'PUT'].map(async (method) => {
          const { status } = await createBrowser().fetch(
            story.origin + path.replace('{name}', 'page.css').replace('{handle}', 'x'),
            { method },
          )
          return status === 405 ? [] : [`${method} ${path}`]
        }),
      ),
    )
    expect(answered.flat().toSorted()).toEqual(
      operations()
        .map(([path, method]) => `${method} ${path}`)
        .toSorted(),
    )
  })

  test('leaves out what this gateway does not offer', async () => {
    const gateway = await startGateway()
    const other = await readContract(gateway.origin)
    expect(Object.keys(other.paths)).not.toContain('/bff/frontchannel-logout')
    expect(Object.keys(other.paths)).toContain('/bff/session')
    await gateway.stop()
  })

  test('says the same as the one for people: every endpoint, and what it asks for', () => {
    const { prose } = readDocument('docs/http.md')
    const headlines = [...prose.matchAll(/^### (.+)\n\n(?:Proof: ([\w-]+)[.,:])?/gm)]
    const told = headlines.flatMap(([, headline = '', proof]) =>
      [...headline.matchAll(/`(GET|POST|DELETE) (\/bff[^`?]*)/g)].map(([, method = '', path = '']) => ({ method, path, proof })),
    )
    expect(told.length).toBeGreaterThan(10)
    for (const { method, path, proof } of told) {
      const operation = contract.paths[path]?.[method.toLowerCase()]
      expect({ method, path, known: operation !== undefined }).toEqual({ method, path, known: true })
      if (proof !== undefined && proof !== 'the')
        expect({ path, proof: operation?.['x-coatcheck-proof'] }).toEqual({ path, proof })
    }
  })

  test('describes the bodies that scripts get', async () => {
    const { schemas } = contract.components
    const browser = await story.openBrowser()
    expect(keepsTo((await browser.fetch('/bff/session')).json(), schemas['Session'])).toBe(true)
    expect(keepsTo((await browser.fetch('/api/orders')).json(), schemas['Problem'])).toBe(true)
    await story.signIn(browser)
    await browser.navigate(`${story.origin}/`)
    expect(keepsTo((await browser.fetch('/bff/session')).json(), schemas['Session'])).toBe(true)
    expect(keepsTo((await browser.fetch('/bff/sessions')).json(), schemas['Sessions'])).toBe(true)
    expect(keepsTo((await browser.fetch('/bff/sessions', { method: 'DELETE' })).json(), schemas['Ended'])).toBe(true)
    expect(keepsTo((await browser.fetch('/bff/logout', { method: 'POST' })).json(), schemas['Continue'])).toBe(true)
    expect(keepsTo({ authenticated: true }, schemas['Session'])).toBe(false)
  })

  test('refers to nothing that is not in it', () => {
    const named = [...JSON.stringify(contract).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(new Set(named)).toEqual(new Set(Object.keys(contract.components.schemas)))
  })
})
