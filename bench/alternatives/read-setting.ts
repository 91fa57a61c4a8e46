/** Reads what the measurement tells a contender; throws where it did not. */
export function readSetting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set; npm run bench starts this.`)
  return value
}
