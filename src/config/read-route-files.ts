import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { resolve } from 'node:path'
import type { Problem } from './configuration-error.ts'
import type { Sources } from './gather-sources.ts'
import { readTextFile } from './read-text-file.ts'
import type { ReadFile } from './read-text-file.ts'
import { isRefusal } from './refusal.ts'
import type { Refusal } from './refusal.ts'
import { readRoutes } from './route-settings.ts'
import { Secret } from './secret.ts'

/** The texts of the files that a route names; undefined where it names none, or one that is wrong. */
export interface RouteFiles {
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: Secret | undefined
}

interface Reading {
  readonly ofRoutes: readonly RouteFiles[]
  readonly problems: readonly Problem[]
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const WRITE_CERTIFICATE = 'the path of a PEM file: -----BEGIN CERTIFICATE-----, one after the other'

/** Reads the certificates and keys of all routes, whatever else is wrong with them; a relative path begins at `cwd`. */
export function readRouteFiles({ tree, placeOf }: Sources, readFile: ReadFile, cwd: string): Reading {
  const problems: Problem[] = []
  const written = readRoutes(tree['routes'])
  const ofRoutes = (Array.isArray(written) ? written : []).map((route: unknown, index): RouteFiles => {
    const read = <Value>(name: string, parse: (text: string) => Value | Refusal): Value | undefined => {
      const path = pathOf(route, name)
      if (path === undefined) return undefined
      const file = readTextFile(resolve(cwd, path), readFile)
      const outcome = isRefusal(file) ? file : parse(file.text)
      if (!isRefusal(outcome)) return outcome
      problems.push({ place: placeOf(['routes', index, name]), says: outcome.refused, write: outcome.write })
      return undefined
    }

    const ca = read('ca', parseCertificates)
    const certificate = read('certificate', parseCertificates)
    const key = read('key', parseKey)
    if (certificate !== undefined && key !== undefined && !new X509Certificate(certificate).checkPrivateKey(key.object)) {
      problems.push({
        place: placeOf(['routes', index, 'key']),
        says: 'names a key that does not belong to certificate.',
        write: 'the key for which that certificate was made; in certificate, its own stands first',
      })
    }
    return { ca, certificate, key: key?.text }
  })
  return { ofRoutes, problems }
}

function pathOf(route: unknown, name: string): string | undefined {
  if (typeof route !== 'object' || route === null) return undefined
  const value: unknown = new Map<string, unknown>(Object.entries(route)).get(name)
  // Anything else is for the schema to refuse.
  return typeof value === 'string' && value !== '' ? value : undefined
}

function parseCertificates(text: string): string | Refusal {
  const found = text.match(CERTIFICATES) ?? []
  if (found.length === 0) return { refused: 'names a file without a certificate in it.', write: WRITE_CERTIFICATE }
  try {
    for (const each of found) void new X509Certificate(each)
    return found.join('\n')
  } catch {
    return { refused: 'names a file with a damaged certificate.', write: WRITE_CERTIFICATE }
  }
}

function parseKey(text: string): { readonly text: Secret; readonly object: KeyObject } | Refusal {
  try {
    return { text: new Secret(text), object: createPrivateKey(text) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE') {
      return {
        refused: 'names a key that is encrypted.',
        write: 'the path of the key without a passphrase, readable by us alone',
      }
    }
    return { refused: 'names a file without a private key in it.', write: 'the path of a PEM file: -----BEGIN PRIVATE KEY-----' }
  }
}
