import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const PROGRAM = "import teardown from './test/support/suite-logs-teardown.mjs'; teardown()"

/** Runs the teardown of Jest on a folder with one log. */
async function checkLog(log: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-leaks-'))
  await writeFile(join(folder, 'a.log'), log)
  const env = { ...process.env, CLIPGATE_SUITE_LOGS: folder }
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], { env }).catch((error) => error)
  return stderr
}

test.each([
  '{"level":30,"url":"http://127.0.0.1:4000/clips/AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/yard.mp4"}',
  `{"level":30,"id":"${'Ag'.repeat(80)}"}`,
  '{"level":50,"err":{"message":"a secret for tests, of more than 32 characters"}}',
  '{"level":30,"authorization":"Bearer abcdefghijkl"}',
])('a run of the tests whose log has a secret fails: %s', async (line) => {
  expect(await checkLog(`{"level":30,"msg":"started"}\n${line}\n`)).toContain('1 of 3 lines of the logs contain a secret')
})

test('a run whose logs have none passes', async () => {
  expect(await checkLog('{"level":30,"msg":"GET /clips/[redacted]"}\n')).toBe('')
})
