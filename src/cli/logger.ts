import { type DestinationStream, destination, type Logger, pino } from 'pino'
import type { LogLevel } from '../config/config.js'
import type { Secrets } from '../config/secrets.js'
import { redact } from '../lib/redact.js'
import { findRequestId } from '../lib/running-request.js'

export interface LoggerOptions {
  readonly level: LogLevel
  /** Never logged, wherever they appear. */
  readonly secrets: Secrets | null
  /** Default: stderr. Stdout is for the output of a command. */
  readonly output?: DestinationStream
}

/** JSON lines. Each line passes `redact`, so that no call of the logger can forget it. */
export function createLogger({ level, secrets, output }: LoggerOptions): Logger {
  const hidden = [...toHidden(secrets)].map((secret) => JSON.stringify(secret).slice(1, -1))
  const hooks = { streamWrite: (line: string) => redact(line, hidden) }
  return pino({ level, mixin: toRequest, hooks }, output ?? destination({ fd: 2, sync: false }))
}

/** The logger of a request already has its ID. */
function toRequest(_line: object, _level: number, logger: Logger): object {
  const requestId = findRequestId()
  return requestId === null || 'requestId' in logger.bindings() ? {} : { requestId }
}

function toHidden(secrets: Secrets | null): Set<string> {
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = process.env
  const keys = secrets?.kvsAccessKeys.map(({ secretAccessKey }) => secretAccessKey) ?? []
  // Shorter ones would also remove parts of ordinary words.
  return new Set(
    [...(secrets?.clipUrlSecrets ?? []), ...keys, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN].filter(({ length }) => length >= 8),
  )
}
