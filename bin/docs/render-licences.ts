import { readProduct } from '../packages/production-packages.ts'
import { markdownTable } from './markdown-table.ts'

const ROOT = new URL('../../', import.meta.url)

/** Every package that runs in production, under what it is licensed by. */
export function renderLicences(): string {
  const byLicence = Map.groupBy(readProduct(ROOT).packages, ({ licence }) => licence)
  const rows = [...byLicence]
    .toSorted(([one], [two]) => one.localeCompare(two, 'en'))
    .map(([licence, packages]) => {
      const names = [...new Set(packages.map(({ name, version }) => `${name} ${version}`))]
      return [licence, String(packages.length), names.toSorted((one, two) => one.localeCompare(two, 'en')).join(', ')]
    })
  return markdownTable(['Licence', 'Packages', 'Names'], rows)
}
