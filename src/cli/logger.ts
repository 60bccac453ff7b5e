import { destination, type Logger, pino } from 'pino'
import type { LogLevel } from '../config/config.js'

/** JSON lines on stderr: stdout is for what a command answers. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level }, destination({ fd: 2, sync: false }))
}
