import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskBlob } from '../../../src/delivery/parts/disk-blob.js'
import { patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal
const CLOSE = async () => {}

let folder = ''
let file: FileHandle

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-disk-blob-'))
  file = await open(join(folder, 'part'), 'wx+')
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true, force: true })
})

describe('DiskBlob', () => {
  test.each([0, 70_000, 150_000])('that fails gives the %i bytes that arrived, and rejects for the next one', async (written) => {
    const blob = new DiskBlob(file, null, CLOSE)
    const bytes = patternBytes(written)
    await blob.append([bytes])
    const waiting = blob.whenReadable(written, SIGNAL)
    blob.fail(new Error('the disk is full'))
    await expect(waiting).rejects.toThrow('the disk is full')
    await expect(blob.whenReadable(written, SIGNAL)).rejects.toThrow('the disk is full')
    if (written > 0) expect((await blob.readInto(Buffer.alloc(196_608), 0, written)).equals(bytes)).toBe(true)
  })

  test('verifies each complete block when it is read', async () => {
    const blob = new DiskBlob(file, null, CLOSE)
    const bytes = patternBytes(200_000)
    await blob.append([bytes])
    blob.end()
    const read = () => blob.readInto(Buffer.alloc(262_144), 0, 200_000)
    expect((await read()).equals(bytes)).toBe(true)
    await file.write(Buffer.of((bytes[199_999] ?? 0) ^ 1), 0, 1, 199_999)
    await expect(read()).rejects.toMatchObject({ breakage: 'DAMAGED' })
    expect((await blob.readInto(Buffer.alloc(262_144), 70_000, 131_072)).equals(bytes.subarray(70_000, 131_072))).toBe(true)
  })

  test('is not reported as damaged when the disk fails to read a byte', async () => {
    const bytes = patternBytes(200_000)
    const before = new DiskBlob(file, null, CLOSE)
    await before.append([bytes])
    before.end()
    // A real descriptor that cannot be read: the kernel returns EBADF as it would EIO.
    const writeOnly = await open(join(folder, 'part'), 'a')
    const stored = new DiskBlob(writeOnly, { contentBytes: 200_000, blockChecks: before.blockChecks }, CLOSE)
    await expect(stored.readInto(Buffer.alloc(262_144), 0, 200_000)).rejects.toMatchObject({ breakage: 'UNREADABLE' })
    await writeOnly.close()
  })
})
