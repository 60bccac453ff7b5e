import { readdir, readFile } from 'node:fs/promises'
import { beforeAll, describe, expect } from '@jest/globals'
import { buildDist, startScript } from '../support/cli-process.js'
import { testOnLinux } from '../support/platforms.js'

beforeAll(buildDist, 120_000)

async function threadsOf(pid: number): Promise<string[]> {
  const ids = await readdir(`/proc/${pid}/task`)
  return Promise.all(ids.map(async (id) => (await readFile(`/proc/${pid}/task/${id}/comm`, 'utf8')).trim()))
}

describe('npm start', () => {
  testOnLinux('waits for the disk with eight threads, although it reads the sources before it serves (skipped without /proc)', async () => {
    await using server = await startScript(['scripts/start.mjs'])
    await server.until(/Press Ctrl-C to stop/)
    const threads = await threadsOf(server.pid ?? 0)
    expect(threads.filter((name) => name === 'libuv-worker')).toHaveLength(8)
  })
})
