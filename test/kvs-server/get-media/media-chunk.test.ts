import { describe, expect, test } from '@jest/globals'
import { readChunk } from '../../../src/kvs-server/get-media/media-chunk.js'
import { openTestArchive, type TestArchive } from '../../support/archive-for-test.js'
import { footage, recording } from '../../support/footage.js'

const FRAMES = { frames: 5, bytes: 1_000_000 }
const NO_TAGS = { before: [], behind: [] }
const LATER_MS = 6 * 60_000

/** A fragment of several buffers. Its reader has the first buffer when the fragment expires. */
async function readPastItsAge(test: TestArchive, retentionHours: number): Promise<number> {
  const stream = test.createStream('door', retentionHours)
  await test.upload(stream, recording([footage(0, FRAMES)]))
  const fragment = test.archive.findNewest(stream)
  const reading = fragment && readChunk(test.archive, fragment, NO_TAGS)
  if (!reading) throw new Error('the fragment is not there')
  const first = await reading.next()
  let bytes = first.done ? 0 : first.value.byteLength
  test.clock.at += LATER_MS + retentionHours * 3_600_000
  await test.archive.sweep()
  for await (const chunk of reading) bytes += chunk.byteLength
  return bytes
}

describe('a fragment that is being read', () => {
  test.each([0, 1])('is read to its end although it is removed in the middle (%i hours of retention)', async (hours) => {
    await using archive = await openTestArchive()
    expect(await readPastItsAge(archive, hours)).toBeGreaterThan(FRAMES.frames * FRAMES.bytes)
  })
})
