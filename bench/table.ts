/** A table as text: the first column is set to the left, the others, which hold numbers, to the right. */
export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Renders a table for a terminal, with a line below the titles. */
export function renderText({ columns, rows }: Table): string {
  const widths = columns.map((title, at) => Math.max(...[title, ...rows.map((row) => row[at] ?? '')].map((cell) => cell.length)))
  const line = (cells: readonly string[]): string => widths.map((width, at) => align(cells[at] ?? '', width, at)).join('  ')
  return [line(columns), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)]
    .map((each) => `${each.trimEnd()}\n`)
    .join('')
}

/** Renders a table for a Markdown page. */
export function renderMarkdown({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${columns.map((_, at) => escape(cells[at] ?? '')).join(' | ')} |\n`
  const below = `| ${columns.map((_, at) => (at === 0 ? '---' : '---:')).join(' | ')} |\n`
  return line(columns) + below + rows.map(line).join('')
}

function align(cell: string, width: number, at: number): string {
  return at === 0 ? cell.padEnd(width) : cell.padStart(width)
}

function escape(cell: string): string {
  return cell.replaceAll('|', String.raw`\|`)
}
