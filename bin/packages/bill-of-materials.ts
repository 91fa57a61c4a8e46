import { createHash } from 'node:crypto'
import type { Product, ProductionPackage } from './production-packages.ts'

/**
 * A software bill of materials, CycloneDX 1.6: the gateway, its packages with licence and hash, what depends on what, and the Node.js
 * that it was made on. The same packages make the same bill, to the byte: no time and no random number is in it.
 */
export function createBillOfMaterials(product: Product, nodeVersion: string) {
  const components = [...product.packages.map(componentOf), runtime(nodeVersion)]
  const itself = `${product.name}@${product.version}`
  const refs = new Map(product.packages.map((each) => [each.location, refOf(each)]))
  const refsOf = (locations: readonly string[]) => locations.flatMap((location) => refs.get(location) ?? [])
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumberOf(JSON.stringify([itself, components])),
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': itself,
        name: product.name,
        version: product.version,
        description: product.description,
        licenses: licensesOf(product.licence),
      },
    },
    components,
    dependencies: [
      { ref: itself, dependsOn: [...refsOf(product.dependsOn), refOfRuntime(nodeVersion)] },
      ...product.packages.map((each) => ({ ref: refOf(each), dependsOn: refsOf(each.dependsOn) })),
    ],
  }
}

function componentOf(each: ProductionPackage) {
  return {
    type: 'library',
    'bom-ref': refOf(each),
    name: each.name,
    version: each.version,
    scope: 'required',
    purl: `pkg:npm/${each.name.replace('@', '%40')}@${each.version}`,
    licenses: licensesOf(each.licence),
    hashes: hashesOf(each.integrity),
  }
}

function runtime(version: string) {
  return {
    type: 'platform',
    'bom-ref': refOfRuntime(version),
    name: 'Node.js',
    version,
    scope: 'required',
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}`,
  }
}

const refOfRuntime = (version: string): string => `node.js@${version}`

/** A package may be there twice in one version, so it goes by its place. */
const refOf = ({ name, version, location }: ProductionPackage): string =>
  location === `node_modules/${name}` ? `${name}@${version}` : `${location.replaceAll('node_modules/', '')}@${version}`

/** An expression has a form of its own (CycloneDX 1.6, licenseChoice). */
function licensesOf(licence: string) {
  return / (?:OR|AND|WITH) /.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }]
}

function hashesOf(integrity: string) {
  const [algorithm = '', digest = ''] = integrity.split('-')
  return [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }]
}

/** RFC 9562 §5.8: a UUID by a rule of one's own, here by what is told. */
function serialNumberOf(told: string): string {
  const digits = createHash('sha256').update(told).digest('hex')
  const parts = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ]
  return `urn:uuid:${parts.join('-')}`
}
