import { test } from '@jest/globals'
import { WHOLE_PARTS } from './whole-targets.ts'
import { holdPromise } from './hold-promise.ts'

test.each(WHOLE_PARTS.map((target) => [target.promise, target] as const))('%s', (_promise, target) => holdPromise(target))
