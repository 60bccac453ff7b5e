import { destination, type Logger, pino } from 'pino'
import type { LogLevel } from '../config/config.js'

/** JSON lines on stderr. Stdout is for the output of a command. */
export function createLogger(level: LogLevel): Logger {
  return pino({ level }, destination({ fd: 2, sync: false }))
}
