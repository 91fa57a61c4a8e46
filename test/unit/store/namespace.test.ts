import { expect, test } from '@jest/globals'
import { createNamespace } from '../../../src/store/namespace.ts'

const here = { baseUrl: 'https://app.example.com', clientId: 'app' }

test('a namespace is short, stable, and leaves the hash tag to the session`s id', () => {
  expect(createNamespace(here)).toMatch(/^coatcheck:[A-Za-z0-9_-]{16}$/)
  expect(createNamespace(here)).toBe(createNamespace({ ...here }))
})

test('it follows from the origin, however that is written', () => {
  expect(createNamespace({ ...here, baseUrl: 'HTTPS://APP.example.com:443/path?query' })).toBe(createNamespace(here))
})

test('two apps on one Redis have two namespaces', () => {
  const others = [
    { baseUrl: 'https://other.example.com', clientId: 'app' },
    { baseUrl: 'https://app.example.com:8443', clientId: 'app' },
    { baseUrl: 'http://app.example.com', clientId: 'app' },
    { baseUrl: 'https://app.example.com', clientId: 'other' },
  ]
  expect(new Set([here, ...others].map(createNamespace)).size).toBe(5)
})
