import type { FuzzTarget } from './target.ts'
import { configurations } from './targets/configurations.ts'
import { cookieHeaders } from './targets/cookie-headers.ts'
import { deepLinks } from './targets/deep-links.ts'
import { requestTargets } from './targets/request-targets.ts'
import { returnTargets } from './targets/return-targets.ts'

/** Functions alone: tens of thousands of inputs a second. */
export const FUNCTIONS: readonly FuzzTarget[] = [returnTargets, deepLinks, requestTargets, cookieHeaders, configurations]
