import { describeSettings } from './describe-settings.ts'
import { markdownTable } from './markdown-table.ts'

/** Every variable in one table, those that are required first. */
export function renderVariables(): string {
  const settings = describeSettings().filter(({ variable }) => variable !== undefined)
  const [required, others] = [true, false].map((wanted) =>
    settings.filter(({ standard }) => (standard === 'required') === wanted),
  )
  const rows = [...(required ?? []), ...(others ?? [])].map(({ variable, standard, means }) => [
    `\`${variable}\``,
    standard,
    means,
  ])
  return markdownTable(
    ['Variable', 'Default', 'Means'],
    [['`COATCHECK_CONFIG`', 'none', 'A YAML file to read too; variables beat it.'], ...rows],
  )
}
