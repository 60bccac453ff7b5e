import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startScript } from '../support/cli-process.js'

beforeAll(buildDist, 120_000)

/** Linux alone tells the threads of another process by name. */
const onLinux = existsSync('/proc/self/task') ? test : test.skip

async function threadsOf(pid: number): Promise<string[]> {
  const ids = await readdir(`/proc/${pid}/task`)
  return Promise.all(ids.map(async (id) => (await readFile(`/proc/${pid}/task/${id}/comm`, 'utf8')).trim()))
}

describe('npm start', () => {
  onLinux('has eight threads wait for the disk, although it has read the sources before it serves', async () => {
    await using server = await startScript(['scripts/start.mjs'])
    await server.until(/Press Ctrl-C to stop/)
    const threads = await threadsOf(server.pid ?? 0)
    expect(threads.filter((name) => name === 'libuv-worker')).toHaveLength(8)
  })
})
