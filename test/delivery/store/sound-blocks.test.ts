import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { GrowingFile } from '../../../src/delivery/store/growing-file.js'
import { SoundBlocks } from '../../../src/delivery/store/sound-blocks.js'
import { patternBytes } from '../../support/part-bodies.js'

const BLOCK_BYTES = 65_536

let folder = ''
let file: FileHandle

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-sound-'))
  file = await open(join(folder, 'part'), 'w+')
  await file.write(patternBytes(BLOCK_BYTES))
})

afterEach(async () => {
  await file.close()
  await rm(folder, { recursive: true, force: true })
})

/** A change right after another may carry the same timestamp, so a file that was just written is not trusted. */
async function untilTrusted(sound: SoundBlocks): Promise<void> {
  for (let tries = 0; tries < 2_000 && !sound.has(0); tries += 1) {
    sound.look()
    sound.add(0, sound.state)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('SoundBlocks', () => {
  test('trusts no block of a file that was just written', async () => {
    const sound = new SoundBlocks(file)
    await file.write(patternBytes(BLOCK_BYTES), 0, BLOCK_BYTES, 0)
    sound.look()
    sound.add(0, sound.state)
    expect(sound.has(0)).toBe(false)
  })

  test('remembers a block until the file changes', async () => {
    const sound = new SoundBlocks(file)
    await untilTrusted(sound)
    sound.look()
    expect(sound.has(0)).toBe(true)
    await file.write(Buffer.from('x'), 0, 1, 100)
    sound.look()
    expect(sound.has(0)).toBe(false)
  })

  test('takes no block that was read before the change', async () => {
    const sound = new SoundBlocks(file)
    await untilTrusted(sound)
    const before = sound.state
    await file.write(Buffer.from('x'), 0, 1, 100)
    sound.look()
    sound.add(0, before)
    expect(sound.has(0)).toBe(false)
  })
})

test('A stored file whose bytes change after they were found sound is damaged for whoever reads on', async () => {
  const bytes = patternBytes(BLOCK_BYTES)
  const stored = GrowingFile.stored(file, { contentBytes: BLOCK_BYTES, blockChecks: [crc32(bytes)], sha256: null })
  await untilTrusted(new SoundBlocks(file))
  const read = async () => Buffer.from(await stored.load(0, BLOCK_BYTES, Buffer.alloc(BLOCK_BYTES)))
  for (const _ of [1, 2, 3]) expect((await read()).equals(bytes)).toBe(true)
  await file.write(Buffer.from('x'), 0, 1, 100)
  await expect(read()).rejects.toThrow('a stored part is damaged between bytes 0 and 65536')
})
