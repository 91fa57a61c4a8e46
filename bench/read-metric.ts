/**
 * Reads a metric from a page of them (Prometheus' text format): the sum of all its series whose labels hold this value.
 * What was never counted is 0.
 */
export async function readMetric(url: string, name: string, label = ''): Promise<number> {
  return sumOfSeries(await (await fetch(url)).text(), name, label)
}

export function sumOfSeries(text: string, name: string, label: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => label === '' || line.includes(`="${label}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
