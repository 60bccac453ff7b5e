import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { destination, type Logger } from 'pino'
import { createLogger } from '../../src/cli/logger.js'

// The logs of the whole run, in a folder that suite-logs-setup.mjs creates. suite-logs-teardown.mjs fails the run if one contains a secret.

/** Set by the setup. */
const SUITE_LOGS = 'CLIPGATE_SUITE_LOGS'

/** The secret of gateways in tests. */
export const TEST_SECRETS = ['a secret for tests, of more than 32 characters'] as const

/** The logger of the gateway's own program, at the level that logs most, into a file of the run. */
export function openSuiteLogger(): { readonly logger: Logger; close(): void } {
  const folder = process.env[SUITE_LOGS]
  if (folder === undefined) throw new Error(`${SUITE_LOGS} is not set: the setup of Jest sets it`)
  const output = destination({ dest: join(folder, `${randomUUID()}.log`), sync: true })
  const logger = createLogger({ level: 'trace', secrets: { clipUrlSecrets: TEST_SECRETS, kvsAccessKeys: [] }, output })
  return { logger, close: () => output.end() }
}

/** Adds what a process has printed. */
export function keepLog(text: string): void {
  const folder = process.env[SUITE_LOGS]
  if (folder !== undefined && text !== '') appendFileSync(join(folder, `${process.pid}.processes.log`), text)
}
