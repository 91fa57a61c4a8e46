import type { FuzzTarget } from './target.ts'
import { answerHeaders } from './targets/answer-headers.ts'
import { callbacks } from './targets/callbacks.ts'
import { cookieRequests } from './targets/cookie-requests.ts'
import { idTokens } from './targets/id-tokens.ts'
import { logoutTokens } from './targets/logout-tokens.ts'
import { redisReplies } from './targets/redis-replies.ts'
import { requestHeaders } from './targets/request-headers.ts'
import { requestLines } from './targets/request-lines.ts'

/** Parts with a line, a key or a whole gateway in between: hundreds a second. */
export const WHOLE_PARTS: readonly FuzzTarget[] = [
  requestLines,
  requestHeaders,
  answerHeaders,
  cookieRequests,
  callbacks,
  idTokens,
  logoutTokens,
  redisReplies,
]
