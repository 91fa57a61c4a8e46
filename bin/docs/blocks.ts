import type { Blocks } from './fill-blocks.ts'
import { renderErrors } from './render-errors.ts'
import { renderMetrics } from './render-metrics.ts'
import { renderSettings } from './render-settings.ts'
import { renderVariables } from './render-variables.ts'

/** What is made from the code, and the documents that it stands in. */
export const BLOCKS: Blocks = {
  variables: renderVariables,
  settings: renderSettings,
  errors: renderErrors,
  metrics: renderMetrics,
}

export const DOCUMENTS = ['README.md', 'docs/configuration.md', 'docs/operating.md', 'docs/http.md'] as const
