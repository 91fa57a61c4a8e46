/** Reads the variables of a part of the demo that is started on its own; what is missing is said in one sentence. */
export function readSettings<Name extends string>(
  env: Record<string, string | undefined>,
  names: readonly Name[],
): Record<Name, string> {
  const missing = names.filter((name) => !env[name])
  if (missing.length > 0) throw new Error(`Set ${missing.join(', ')}; the head of the file that you started says what they mean.`)
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<Name, string>
}
