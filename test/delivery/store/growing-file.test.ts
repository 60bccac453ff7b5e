import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GrowingFile } from '../../../src/delivery/store/growing-file.js'
import { patternBytes } from '../../support/part-bodies.js'

const SIGNAL = new AbortController().signal

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
  test.each([0, 70_000, 150_000])('that fails gives the %i bytes that arrived, and rejects for the next one', async (written) => {
    const growing = GrowingFile.arriving(file, null)
    const bytes = patternBytes(written)
    await growing.append([bytes])
    const waiting = growing.whenReadable(written, SIGNAL)
    growing.fail(new Error('the disk is full'))
    await expect(waiting).rejects.toThrow('the disk is full')
    await expect(growing.whenReadable(written, SIGNAL)).rejects.toThrow('the disk is full')
    if (written > 0) expect((await growing.read(0, written, Buffer.alloc(196_608))).equals(bytes)).toBe(true)
  })

  test('checks each complete block when it is read', async () => {
    const growing = GrowingFile.arriving(file, null)
    const bytes = patternBytes(200_000)
    await growing.append([bytes])
    growing.end()
    const read = () => growing.read(0, 200_000, Buffer.alloc(262_144))
    expect((await read()).equals(bytes)).toBe(true)
    await file.write(Buffer.of((bytes[199_999] ?? 0) ^ 1), 0, 1, 199_999)
    await expect(read()).rejects.toMatchObject({ breakage: 'DAMAGED' })
    expect((await growing.read(70_000, 131_072, Buffer.alloc(262_144))).equals(bytes.subarray(70_000, 131_072))).toBe(true)
  })

  test('is not called damaged because the disk fails to give a byte', async () => {
    const bytes = patternBytes(200_000)
    const before = GrowingFile.arriving(file, null)
    await before.append([bytes])
    before.end()
    // A real descriptor that reads nothing: the kernel answers EBADF as it would EIO.
    const writeOnly = await open(join(folder, 'part'), 'a')
    const stored = GrowingFile.stored(writeOnly, { contentBytes: 200_000, blockChecks: before.blockChecks, sha256: null })
    await expect(stored.read(0, 200_000, Buffer.alloc(262_144))).rejects.toMatchObject({ breakage: 'UNREADABLE' })
    await writeOnly.close()
  })
})
