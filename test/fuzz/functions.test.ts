import { test } from '@jest/globals'
import { FUNCTIONS } from './function-targets.ts'
import { holdPromise } from './hold-promise.ts'

test.each(FUNCTIONS.map((target) => [target.promise, target] as const))('%s', (_promise, target) => holdPromise(target))
