import type { EndReason } from '../errors.ts'
import type { News } from './news.ts'
import { type Told, writeEventId } from './told.ts'

const LEAST_RETRY_MILLISECONDS = 1_000
const MOST_RETRY_MILLISECONDS = 3_000

/**
 * The beginning: shows at once that the stream is open, and gives it an id before there is an event. Browsers keep the id of a block
 * that has nothing to dispatch (HTML, "server-sent events"). When to come back is shortened at random, so that the pages of an instance
 * that goes away do not all come to the next one at the same moment.
 */
export function beginEvents(told: Told): string {
  const spread = MOST_RETRY_MILLISECONDS - LEAST_RETRY_MILLISECONDS
  const retry = LEAST_RETRY_MILLISECONDS + Math.floor(Math.random() * spread)
  return `retry: ${retry}\n: open\nid: ${writeEventId(told)}\n\n`
}

/** News, each under the id that says what the page knows once it has it: a stream may break off between any two. */
export function writeNews(news: readonly News[]): string {
  return news.map(({ told, event, data }) => writeEvent(told, event, data)).join('')
}

/** The last word. */
export function writeEnded(told: Told, reason: EndReason, loginUrl: string): string {
  return writeEvent(told, 'ended', { reason, loginUrl })
}

/** JSON has no line ends outside its texts, and escapes those inside. */
function writeEvent(told: Told, event: string, data: object): string {
  return `id: ${writeEventId(told)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A comment. */
export function writeHeartbeat(): string {
  return ':\n\n'
}
