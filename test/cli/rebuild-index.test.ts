import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, runCli, startCli } from '../support/cli-process.js'

beforeAll(buildDist, 120_000)

describe('clipgate kvs without the index of its archive', () => {
  test('names the command that rebuilds it, and that command works', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clipgate-rebuild-cli-'))
    const env = { DATA_DIR: folder, KVS_PORT: '0' }
    try {
      await using first = await startCli(['kvs'], env)
      const [url = ''] = await first.until(/http:\/\/127\.0\.0\.1:\d+/)
      const sent = await runCli(['put-media', 'test/fixtures/h264-aac.mkv', '--stream-name', 'dock'], {
        ...env,
        KVS_BACKEND: 'embedded',
        KVS_PORT: new URL(url).port,
      })
      expect(sent.code).toBe(0)
      await first.stop('SIGKILL')
      for (const suffix of ['', '-wal', '-shm']) await rm(join(folder, 'kvs', `index.sqlite${suffix}`), { force: true })
      const refused = await runCli(['kvs'], env)
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' })
      expect(refused.stderr).toMatch(/^The index of the archive in \S+ is damaged [^\n]*"clipgate kvs --rebuild-index"[^\n]*\.\n$/)
      const text = 'Rebuilt the index with 1 stream(s) and 4 fragment(s). Moved 0 file(s) without a record to the folder aside.\n'
      expect(await runCli(['kvs', '--rebuild-index'], env)).toEqual({ code: 0, stdout: text, stderr: '' })
      await using again = await startCli(['kvs'], env)
      await again.until(/http:\/\/127\.0\.0\.1:\d+/)
      await again.stop()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
