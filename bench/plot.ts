/** A bar chart: what it shows, and its bars from top to bottom. */
export interface Plot {
  readonly title: string
  /** The same in words, for those who cannot see it. */
  readonly says: string
  readonly bars: readonly Bar[]
}

export interface Bar {
  readonly name: string
  readonly value: number
  /** The value as it is written at the end of the bar. */
  readonly label: string
  /** Least and most of the turns, drawn as a thin line; left out where there was one turn. */
  readonly spread?: readonly [number, number]
  readonly ours: boolean
}

const WIDTH = 760
const BAR = 22
const STEP = 58
const TOP = 56
const LEFT = 16
// Leaves room for the label of the longest bar.
const LONGEST = WIDTH - LEFT - 190

const STYLE = `
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .label { font-variant-numeric: tabular-nums }
    .bar { fill: #8c959f }
    .ours { fill: #1a6b4f }
    .spread { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .bar { fill: #6e7681 }
      .ours { fill: #4cc38a }
      .spread { stroke: #e6edf3 }
    }`

/** Draws horizontal bars as an SVG that reads well on light and dark pages and names itself to a screen reader. */
export function drawPlot({ title, says, bars }: Plot): string {
  const height = TOP + bars.length * STEP
  const most = Math.max(1e-9, ...bars.flatMap(({ value, spread }) => [value, spread?.[1] ?? value]))
  const scale = (value: number): number => Math.round((value / most) * LONGEST * 10) / 10
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title says">
  <title id="title">${escape(title)}</title>
  <desc id="says">${escape(says)}</desc>
  <style>${STYLE}
  </style>
  <text class="title" x="${LEFT}" y="28">${escape(title)}</text>
${bars.map((bar, at) => drawBar(bar, TOP + at * STEP, scale)).join('\n')}
</svg>
`
}

function drawBar({ name, value, label, spread, ours }: Bar, top: number, scale: (value: number) => number): string {
  const [least, most] = (spread ?? []).map(scale)
  const middle = top + 6 + BAR / 2
  const end = Math.max(scale(value), most ?? 0)
  const line = `  <line class="spread" x1="${LEFT + (least ?? 0)}" x2="${LEFT + (most ?? 0)}" y1="${middle}" y2="${middle}"/>`
  return [
    `  <text x="${LEFT}" y="${top}">${escape(name)}</text>`,
    `  <rect class="${ours ? 'ours' : 'bar'}" x="${LEFT}" y="${top + 6}" width="${scale(value)}" height="${BAR}" rx="3"/>`,
    ...(spread === undefined ? [] : [line]),
    `  <text class="label" x="${LEFT + end + 8}" y="${middle + 5}">${escape(label)}</text>`,
  ].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
