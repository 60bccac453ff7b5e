import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Whether a program that a measurement compares with can be run here. */
export function isInstalled(program, versionFlag) {
  return promisify(execFile)(program, [versionFlag]).then(
    () => true,
    () => false,
  )
}
