import { describe, expect, test } from '@jest/globals'
import { readProduct } from '../../../bin/packages/production-packages.ts'
import { readDocument, ROOT } from '../../support/documents.ts'

/** Licences that ask for nothing but that their text comes along. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

const product = readProduct(new URL(`file://${ROOT}`))

describe('the licences of what runs in production', () => {
  test('are all of a kind that lets anybody use it for anything', () => {
    const { packages } = product
    expect(packages.length).toBeGreaterThan(product.dependsOn.length)
    expect(packages.filter(({ licence }) => !PERMISSIVE.includes(licence)).map(({ name, licence }) => [name, licence])).toEqual(
      [],
    )
  })

  test('are listed, package by package', () => {
    const { text } = readDocument('docs/dependencies.md')
    for (const { name, version } of product.packages) expect(text).toContain(`${name} ${version}`)
  })
})
