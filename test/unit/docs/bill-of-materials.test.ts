import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { createBillOfMaterials } from '../../../bin/packages/bill-of-materials.ts'
import { readProduct } from '../../../bin/packages/production-packages.ts'
import { ROOT } from '../../support/documents.ts'

const product = readProduct(new URL(`file://${ROOT}`))
const bill = createBillOfMaterials(product, '26.0.0')

interface Locked {
  readonly dev?: boolean
  readonly version: string
  readonly license: string
  readonly integrity: string
}

/** What the lock file would have installed for production, by place. */
function locked(): readonly (readonly [place: string, entry: Locked])[] {
  const content: { packages: Record<string, Locked> } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'))
  return Object.entries(content.packages).filter(([place, { dev }]) => place !== '' && dev !== true)
}

describe('the bill of materials', () => {
  test('lists every package that production installs, by version, licence and hash', () => {
    const listed = bill.components.flatMap((component) =>
      'hashes' in component ? [[component.version, component.licenses, component.hashes]] : [],
    )
    const expected = locked().map(([, { version, license, integrity }]) => [
      version,
      [{ license: { id: license } }],
      [{ alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') }],
    ])
    expect(listed).toEqual(expected)
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining([...direct(), 'Node.js']))
  })

  test('says what depends on what, and names nothing that it does not list', () => {
    const refs = [bill.metadata.component, ...bill.components].map((component) => component['bom-ref'])
    expect(new Set(refs).size).toBe(refs.length)
    expect(bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !refs.includes(ref))).toEqual(
      [],
    )
    const [itself] = bill.dependencies
    expect(itself?.dependsOn.map((ref) => ref.replace(/@[^@]+$/, ''))).toEqual([...direct(), 'node.js'])
    // Whatever is installed is there because something needs it.
    const needed = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn))
    expect(refs.slice(1).filter((ref) => !needed.has(ref))).toEqual([])
  })

  test('finds a package where Node would, beside its own before further out', () => {
    const [, session] = bill.dependencies.filter(({ ref }) => /^(?:debug|express-session)@/.test(ref))
    expect(session?.dependsOn).toContainEqual(expect.stringMatching(/^express-session\/debug@/))
  })

  test('is of the form that it says, and the same for the same packages', () => {
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(createBillOfMaterials(readProduct(new URL(`file://${ROOT}`)), '26.0.0')).toEqual(bill)
    expect(createBillOfMaterials(product, '26.0.1').serialNumber).not.toBe(bill.serialNumber)
  })
})

function direct(): readonly string[] {
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  return Object.keys(dependencies)
}
