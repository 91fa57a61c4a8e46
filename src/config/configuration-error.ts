/** One thing that is wrong: where it stands, what is wrong with it, what to write. Holds no value, so no secret. */
export interface Problem {
  /** The variable, the path in the file, and the file's line where the value came from it. */
  readonly place: string
  readonly says: string
  readonly write: string
}

/** Everything that is wrong with a configuration, found in one go; nothing boots with it. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(listProblems(problems))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

function listProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const items = problems.map(({ place, says, write }, index) => {
    const number = `${index + 1}.`.padStart(4)
    return `${number} ${place}\n     ${says}\n     Write: ${write}`
  })
  return `The configuration has ${count}; nothing was started.\n\n${items.join('\n\n')}\n`
}
