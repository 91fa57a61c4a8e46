/** Values of a header in an answer, in order. */
export function valuesIn(answer: string, name: string): readonly string[] {
  const [head = ''] = answer.split('\r\n\r\n', 1)
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const)
    .filter(([known]) => known.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}

/** The status of each answer in what a connection said, in order. */
export function statusesIn(said: string): readonly number[] {
  return [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
