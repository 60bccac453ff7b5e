import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { fileBytes } from '../../../src/delivery/parts/part-footer.js'
import { collect, countingFetch, patternBytes } from '../../support/part-bodies.js'
import { describeOnPosix } from '../../support/platforms.js'

// Behaviour that needs a separate process: being killed, and a full file system.

const SIGNAL = new AbortController().signal
const SUPPORT = join(import.meta.dirname, '../../support')
let folder = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-store-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

function run(partBytes: number, partCount: number, fileSizeLimitBlocks: number | 'unlimited' = 'unlimited'): ChildProcess {
  const args = [
    '--import',
    join(SUPPORT, 'source-loader.mjs'),
    join(SUPPORT, 'store-process.ts'),
    folder,
    String(partBytes),
    String(partCount),
  ]
  const child = spawn('sh', ['-c', `ulimit -f ${fileSizeLimitBlocks} && exec "$0" "$@"`, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

function linesOf(child: ChildProcess): AsyncIterable<string> {
  if (child.stdout === null) throw new Error('the child has no output')
  return createInterface({ input: child.stdout })
}

describeOnPosix('a store whose process is killed (skipped on Windows: no sh)', () => {
  test('restarts each time with only whole parts, and fetches the rest again', async () => {
    for (const untilKept of [0, 2, 7]) {
      const child = run(300_000, 10_000)
      let kept = -1
      for await (const line of linesOf(child)) {
        kept += 1
        if (line === 'closed' || kept >= untilKept) break
      }
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
      const store = await DiskPartStore.open({ folder, capBytes: 1_000_000_000 })
      const names = await readdir(folder)
      expect(names.filter((name) => !name.endsWith('.part'))).toEqual([])
      expect(store.sizeBytes).toBe(names.length * fileBytes(300_000))
      let stored = 0
      for (let part = 0; part < 8; part++) {
        const bytes = patternBytes(300_000, part)
        const handle = await store.open(`part-${part}`, countingFetch(bytes).fetch)
        if (handle.origin === 'stored') stored += 1
        expect((await collect(handle.read({ start: 0, end: 300_000 }, SIGNAL))).equals(bytes)).toBe(true)
        handle.release()
      }
      expect(stored).toBeLessThanOrEqual(names.length)
      await store.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('a full file system', () => {
  test('is reported as STORE_FULL, and leaves no file', async () => {
    const lines: string[] = []
    // In blocks of 512 bytes. A part of 700,000 bytes does not fit.
    for await (const line of linesOf(run(700_000, 3, 800))) lines.push(line)
    expect(lines).toEqual(['open', 'refused StoreFull', 'refused StoreFull', 'refused StoreFull', 'closed 0 0'])
  })

  test('does not affect readers when only the footer fails: the part is just not stored', async () => {
    const lines: string[] = []
    const blocks = 1_368
    for await (const line of linesOf(run(blocks * 512 - 10, 1, blocks))) lines.push(line)
    expect(lines).toEqual(['open', 'kept 0', 'closed 0 0'])
  })
})
