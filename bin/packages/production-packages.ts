import { readFileSync } from 'node:fs'

/** A package that runs where the gateway runs. */
export interface ProductionPackage {
  readonly name: string
  readonly version: string
  /** As the package itself says it: an SPDX expression, mostly. */
  readonly licence: string
  /** What the lock file holds it to: an algorithm and a digest in base64. */
  readonly integrity: string
  readonly location: string
  /** The locations of what it depends on. */
  readonly dependsOn: readonly string[]
}

/** What the gateway itself is, and all that it runs on. */
export interface Product {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly licence: string
  readonly dependsOn: readonly string[]
  readonly packages: readonly ProductionPackage[]
}

interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
}

/**
 * Reads what `npm ci --omit=dev` installs: which packages from the lock file, their names and licences from what is installed.
 *
 * `npm sbom --omit=dev` leaves out whatever a package of development needs as well, and fails where those are not installed.
 */
export function readProduct(root: URL): Product {
  const lock: { packages: Readonly<Record<string, Locked>> } = JSON.parse(
    readFileSync(new URL('package-lock.json', root), 'utf8'),
  )
  const all = lock.packages
  const { name, version, description, license } = manifestIn(root)
  const locked = new Map(Object.entries(all).filter(([location, { dev }]) => location !== '' && dev !== true))
  const packages = [...locked].map(([location, each]): ProductionPackage => {
    const manifest = manifestIn(new URL(`${location}/`, root))
    const { integrity = '' } = each
    const dependsOn = locationsOf(location, each, locked)
    return { name: manifest.name, version: manifest.version, licence: manifest.license, integrity, location, dependsOn }
  })
  return { name, version, description, licence: license, dependsOn: locationsOf('', all[''] ?? {}, locked), packages }
}

/** Where Node would find the dependencies of a package: beside its own, then further and further out. */
function locationsOf(from: string, { dependencies, optionalDependencies }: Locked, locked: ReadonlyMap<string, Locked>) {
  return Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => {
    const location = outwardFrom(from).find((folder) => locked.has(`${folder}node_modules/${name}`))
    return location === undefined ? [] : [`${location}node_modules/${name}`]
  })
}

function outwardFrom(location: string): readonly string[] {
  if (location === '') return ['']
  return [`${location}/`, ...outwardFrom(location.slice(0, Math.max(0, location.lastIndexOf('node_modules/') - 1)))]
}

function manifestIn(folder: URL): Manifest {
  return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
}
