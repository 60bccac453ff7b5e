import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Written independently of the patterns that the logger removes. */
const SECRETS = [
  /a secret for tests/,
  /\/clips\/(?!\[redacted\])[^"\s]{30,}/,
  /[A-Za-z0-9_-]{150,}/,
  /\b(Bearer|Basic) (?!\[)\S{8,}/,
  /\beyJ[\w-]+\.[\w-]+\./,
  /\bcgk_\w+_(?!\[)/,
  /SessionToken=(?!\[)/,
  /X-Amz-(Signature|Security-Token)=(?!\[)/i,
]

/** Jest runs this once after all tests. A run whose logs contain a secret fails. */
export default function checkSuiteLogs() {
  const folder = process.env.CLIPGATE_SUITE_LOGS
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  rmSync(folder, { recursive: true, force: true })
  const leaks = lines.filter((line) => SECRETS.some((secret) => secret.test(line)))
  if (leaks.length === 0) return
  const shown = leaks.slice(0, 5).map((line) => line.slice(0, 500))
  throw new Error(`${leaks.length} of ${lines.length} lines of the logs contain a secret:\n${shown.join('\n')}`)
}
