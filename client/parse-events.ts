/** One event of a stream. Its data is what stands in `data:`, undefined where that is no JSON. */
export type EventListener = (name: string, data: unknown) => void

/** Takes an event stream apart, piece by piece as it comes (HTML §9.2.6). The gateway writes an event's data in one line. */
export function createEventParser(onEvent: EventListener, onRetry: (milliseconds: number) => void) {
  let rest = ''

  return function parse(piece: string): void {
    const blocks = (rest + piece).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split(/\r?\n/).map(fieldOf))
      const retry = fields.get('retry')
      if (retry) onRetry(Number(retry))
      const data = fields.get('data')
      if (data !== undefined) onEvent(fields.get('event') ?? 'message', parseJson(data))
    }
  }
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1).trimStart()]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
