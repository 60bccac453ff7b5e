import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Jest runs this once before all tests. */
export default function createSuiteLogs() {
  process.env.CLIPGATE_SUITE_LOGS = mkdtempSync(join(tmpdir(), 'clipgate-suite-logs-'))
}
