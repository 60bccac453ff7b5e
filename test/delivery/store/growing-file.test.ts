import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GrowingFile } from '../../../src/delivery/store/growing-file.js'
import { readAhead } from '../../../src/delivery/store/read-ahead.js'
import { ReadBuffers } from '../../../src/delivery/store/read-buffers.js'
import { patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const POOL = new ReadBuffers()

let folder = ''
let file: FileHandle

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-growing-'))
  file = await open(join(folder, 'part'), 'wx+')
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true, force: true })
})

describe('GrowingFile', () => {
  test.each([0, 70_000, 150_000])(
    'that fails tells why whoever turns to bytes that never came to the disk, after %i that did',
    async (written) => {
      const growing = GrowingFile.arriving(file, null)
      const bytes = patternBytes(300_000)
      const first = [bytes.subarray(0, written)]
      growing.receive(first)
      await growing.write(first)
      growing.receive([bytes.subarray(written)])
      const reading = readAhead(growing, { start: written + 1_000, end: 300_000 }, POOL, SIGNAL)
      const next = reading.next()
      growing.fail(new Error('the disk is full'))
      await expect(next).rejects.toThrow('the disk is full')
    },
  )

  test('lends what has just come to a reader that needs no buffers for it', async () => {
    const pool = new ReadBuffers({ largeBudgetBytes: 2 * 589_824 })
    const growing = GrowingFile.arriving(file, null)
    const bytes = patternBytes(200_000)
    const reading = readAhead(growing, { start: 0, end: 300_000 }, pool, SIGNAL)
    const next = reading.next()
    growing.receive([bytes])
    expect((await next).value?.byteLength).toBe(200_000)
    expect(pool.take(true).large).toBe(true)
    await reading.return(undefined)
  })

  test('is not called damaged because the disk fails to give a byte', async () => {
    const bytes = patternBytes(200_000)
    const before = GrowingFile.arriving(file, null)
    before.receive([bytes])
    await before.write([bytes])
    before.end()
    // A real descriptor that reads nothing: the kernel answers EBADF as it would EIO.
    const writeOnly = await open(join(folder, 'part'), 'a')
    const stored = GrowingFile.stored(writeOnly, { contentBytes: 200_000, blockChecks: before.blockChecks, sha256: null })
    await expect(stored.load(0, 200_000, Buffer.alloc(262_144))).rejects.toMatchObject({ breakage: 'UNREADABLE' })
    await writeOnly.close()
  })
})
