import type { Blocks } from './fill-blocks.ts'
import { renderErrors } from './render-errors.ts'
import { renderLicences } from './render-licences.ts'
import { renderMetrics } from './render-metrics.ts'
import { renderSettings } from './render-settings.ts'
import { renderVariables } from './render-variables.ts'

/** What is made from the code, and the documents that it stands in. */
export const BLOCKS: Blocks = {
  variables: renderVariables,
  settings: renderSettings,
  errors: renderErrors,
  metrics: renderMetrics,
  licences: renderLicences,
}

export const DOCUMENTS = [
  'README.md',
  'docs/configuration.md',
  'docs/operating.md',
  'docs/http.md',
  'docs/dependencies.md',
] as const
