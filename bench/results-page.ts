import type { KeptSection } from './kept-sections.ts'
import { goalsTable } from './results.ts'
import { renderMarkdown } from './table.ts'

/** What a page says beside its sections, in Markdown. */
export interface Framing {
  readonly title: string
  readonly intro: string
  readonly again: string
}

/** Renders a page of results: what was promised first, then one section after the other. */
export function renderPage({ title, intro, again }: Framing, sections: readonly KeptSection[]): string {
  return [
    `# ${title}\n`,
    `${intro}\n`,
    sections.length === 0
      ? 'Nothing has been measured yet.\n'
      : renderMarkdown(goalsTable(sections.flatMap(({ section }) => section.goals))),
    ...renderCircumstances(sections),
    ...sections.map(renderSection),
    `## Again\n\n${again}`,
  ].join('\n')
}

/** Once where all sections share them, as those of one run do. */
function renderCircumstances(sections: readonly KeptSection[]): readonly string[] {
  const each = new Map<string, string[]>()
  for (const { circumstances, command } of sections) {
    const lines = list(circumstances)
    each.set(lines, [...new Set([...(each.get(lines) ?? []), command])])
  }
  return [...each].map(
    ([lines, commands]) => `Measured by ${commands.map((command) => `\`${command}\``).join(', ')} on:\n\n${lines}`,
  )
}

function renderSection({ name, section }: KeptSection): string {
  const { title, table, says, remarks, faults } = section
  return [
    `## ${title}\n`,
    `![${title}](results/${name}.svg)\n`,
    renderMarkdown(table),
    `${says}\n`,
    ...(remarks.length + faults.length === 0 ? [] : [list([...remarks, ...faults.map((fault) => `INVALID: ${fault}`)])]),
  ].join('\n')
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}\n`).join('')
}
