import type { Request, Response } from 'express'
import { type Answer, CONTRACT, type ContractPath, type Operation } from './contract.ts'
import { SCHEMAS } from './contract-schemas.ts'

/** An endpoint as it was mounted: its path below the prefix, and its methods in capitals. */
export interface Mounted {
  readonly path: ContractPath
  readonly methods: readonly string[]
}

interface Steps {
  readonly origin: string
  readonly prefix: string
  readonly cookieName: string
  /** Everything that is mounted by the time somebody asks. */
  readonly mounted: readonly Mounted[]
}

/** The contract for machines (OpenAPI 3.1): what this gateway has mounted, and nothing else. Carried routes are their APIs' own. */
export function createOpenApi(steps: Steps) {
  return function openApi(_request: Request, response: Response): void {
    response.json(describeContract(steps))
  }
}

function describeContract({ origin, prefix, cookieName, mounted }: Steps) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Coatcheck',
      version: '1',
      description: 'The endpoints of the gateway itself. docs/http.md tells them to people.',
    },
    servers: [{ url: origin }],
    paths: Object.fromEntries(mounted.map((endpoint) => [publicPath(prefix, endpoint.path), describeEndpoint(endpoint)])),
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: cookieName, description: 'HttpOnly: the browser sends it by itself.' },
        proof: {
          type: 'apiKey',
          in: 'header',
          name: 'X-CSRF',
          description: 'Always 1: the call comes from a page of this origin.',
        },
      },
    },
  }
}

function describeEndpoint({ path, methods }: Mounted) {
  const operations: Readonly<Record<string, Operation | undefined>> = CONTRACT[path]
  const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name]) => parameter('path', name ?? ''))
  const described = methods
    .map((method) => method.toLowerCase())
    .flatMap((method) => {
      const operation = operations[method]
      return operation ? [[method, describeOperation(operation)] as const] : []
    })
  return { ...(parameters.length > 0 ? { parameters } : {}), ...Object.fromEntries(described) }
}

function describeOperation({ summary, proof, session, query = {}, answers }: Operation) {
  const parameters = Object.entries(query).map(([name, description]) => parameter('query', name, description))
  const answered = Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)] as const)
  return {
    summary,
    'x-coatcheck-proof': proof,
    ...(parameters.length > 0 ? { parameters } : {}),
    security: securityOf(proof, session),
    responses: { ...Object.fromEntries(answered), default: describeProblem() },
  }
}

/** Each of the list would do. */
function securityOf(proof: Operation['proof'], session: Operation['session']): readonly object[] {
  const shown = proof === 'header' || proof === 'form' ? { proof: [] } : {}
  return session === 'told' ? [shown, { ...shown, session: [] }] : [session === 'needed' ? { ...shown, session: [] } : shown]
}

function describeAnswer({ says, schema, type = 'application/json' }: Answer) {
  const content = schema ? { schema: { $ref: `#/components/schemas/${schema}` } } : {}
  return { description: says, ...(schema !== undefined || type !== 'application/json' ? { content: { [type]: content } } : {}) }
}

function describeProblem() {
  return {
    description: 'A refusal, with its code in the header Coatcheck-Code too. Navigations get a page or a redirect.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

function parameter(where: 'path' | 'query', name: string, description?: string) {
  return { name, in: where, required: where === 'path', schema: { type: 'string' }, ...(description ? { description } : {}) }
}

function publicPath(prefix: string, path: string): string {
  return prefix + path.replaceAll(/:(\w+)/g, '{$1}')
}
