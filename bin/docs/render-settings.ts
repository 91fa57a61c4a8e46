import { describeSettings, type DescribedSetting } from './describe-settings.ts'
import { markdownTable } from './markdown-table.ts'

/** The settings by section, as they stand in a configuration file, with their variables. */
export function renderSettings(): string {
  const bySection = Map.groupBy(describeSettings(), ({ path }) => sectionOf(path))
  return [...bySection].map(([section, settings]) => `${headline(section)}\n\n${renderSection(settings)}`).join('\n\n')
}

function sectionOf(path: string): string {
  const at = path.lastIndexOf('.')
  return at === -1 ? '' : path.slice(0, at)
}

function headline(section: string): string {
  if (section === '') return '### At the top'
  return section === 'routes[]' ? '### `routes`, each of them' : `### \`${section}\``
}

function renderSection(settings: readonly DescribedSetting[]): string {
  const isRoute = settings.every(({ variable }) => variable === undefined)
  const head = isRoute ? ['Key', 'Default', 'Means'] : ['Key', 'Variable', 'Default', 'Means']
  const rows = settings.map(({ path, variable, secret, standard, means }) => {
    const key = `\`${path.slice(path.lastIndexOf('.') + 1)}\``
    return isRoute ? [key, standard, means] : [key, `\`${variable}\`${secret ? ', `…_FILE`' : ''}`, standard, means]
  })
  return markdownTable(head, rows)
}
