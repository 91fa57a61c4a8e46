import cluster from 'node:cluster'
import { parseConfig, type ParsedConfig } from '../config/parse-config.ts'
import { createReport } from '../operations/create-report.ts'
import { createLogger } from '../operations/logger.ts'
import { createMetrics } from '../operations/metrics.ts'
import { describeError } from '../report/describe-error.ts'
import type { Report } from '../report/events.ts'
import { firstWish } from './first-wish.ts'
import { whyNotStarted } from './not-started.ts'
import { runWorkers } from './run-workers.ts'
import { serve } from './serve.ts'
import { readVersion } from './version.ts'
import { channelToPrimary, createWorkerColleagues } from './worker-colleagues.ts'

/**
 * Runs the gateway until SIGTERM or SIGINT, drains it, and answers the exit code. A second signal ends it at once. With several workers
 * this process only looks after them, and each of them runs through here too.
 *
 * Errors that nothing foresaw are logged and counted, and the process lives on: each request stands alone and what must last is
 * in the store, so ending the process would turn one broken request into an outage for everybody (OWASP ASVS 16.5.4).
 */
export async function runUntilStopped(): Promise<number> {
  // Whoever reads the log may go away (a pipe); that must not take the gateway along.
  process.stdout.on('error', () => undefined)
  // Before anything else, so that a signal that comes while it starts ends it as well as any other.
  const stopped = firstWish()

  try {
    const parsed = parseConfig({ env: process.env, execArgv: process.execArgv })
    if (parsed.config.workers === 1) return await runAlone(stopped)
    return cluster.isPrimary ? await lookAfterWorkers(parsed, stopped) : await runAsWorker(stopped)
  } catch (error) {
    process.stderr.write(`${whyNotStarted(error) ?? unforeseen(error)}\n`)
    return 1
  }
}

async function runAlone(stopped: Promise<void>): Promise<number> {
  const running = await serve({ env: process.env, output: process.stdout })
  outlive(running.report)
  await stopped
  await running.drain()
  return 0
}

async function runAsWorker(stopped: Promise<void>): Promise<number> {
  const channel = channelToPrimary()
  const running = await serve({
    env: process.env,
    output: process.stdout,
    colleagues: createWorkerColleagues(channel),
    // The first one keeps nobody waiting for the port.
    ...(cluster.worker?.id === 1 ? {} : { mayWaitUntil: stopped }),
  })
  outlive(running.report)
  channel.send({ kind: 'serving' })
  await stopped
  await running.drain()
  return 0
}

async function lookAfterWorkers({ config, warnings }: ParsedConfig, stopped: Promise<void>): Promise<number> {
  const logger = createLogger(config.log, process.stdout)
  const { report } = createReport({ logger, metrics: createMetrics({ version: readVersion() }), carried: config.log.carried })
  for (const warning of warnings) report('configuration_warning', warning)
  outlive(report)
  return runWorkers({ count: config.workers, report, stopped })
}

function outlive(report: Report): void {
  process.on('uncaughtException', (error) => report('unexpected_error', describeError(error)))
  process.on('unhandledRejection', (error) => report('unexpected_error', describeError(error)))
}

function unforeseen(error: unknown): string {
  const { name, note, stack } = describeError(error)
  return [`Coatcheck could not start: ${note === name ? name : `${name} (${note})`}`, stack].filter(Boolean).join('\n')
}
