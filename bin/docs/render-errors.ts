import { FAILURES } from '../../src/errors.ts'
import { markdownTable } from './markdown-table.ts'

/** The closed table of errors, by status. */
export function renderErrors(): string {
  const rows = Object.entries(FAILURES)
    .toSorted(([, one], [, other]) => one.status - other.status)
    .map(([code, { status, blame, says }]) => [String(status), `\`${code}\``, says, blame])
  return markdownTable(['Status', 'Code', 'Says', 'Whose doing'], rows)
}
