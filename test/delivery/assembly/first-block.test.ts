import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readFirstBlock } from '../../../src/delivery/assembly/first-block.js'
import { DiskPartStore } from '../../../src/delivery/store/disk-part-store.js'
import { GatewayError } from '../../../src/domain/errors.js'
import type { FragmentMediaSource } from '../../../src/kvs/ports.js'
import { buildTagsDocument } from '../../../src/media/matroska/muxer.js'
import { downloadClip, getClip, whenEnded } from '../../support/clip-calls.js'
import { askFor, startClipHarness } from '../../support/clip-harness.js'
import { startExactFootage } from '../../support/exact-footage.js'
import { readFixture } from '../../support/fixtures.js'
import { tags } from '../../support/footage.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { matroska } from '../../support/mkv-builder.js'

const NAME = { streamArn: 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1700000000000', fragmentNumber: '1' }

function mediaOf(bytes: (signal: AbortSignal) => AsyncIterable<Uint8Array>): FragmentMediaSource {
  return { getMedia: async (_arn, _numbers, signal) => bytes(signal) }
}

const read = (media: FragmentMediaSource, withinMs?: number) =>
  readFirstBlock(media, NAME, { signal: enoughTime(), ...(withinMs === undefined ? {} : { withinMs }) })

describe('what a fragment begins with', () => {
  test.each([
    ['h264-aac.mkv', 'audio'],
    ['h264-only.mkv', 'video'],
  ])('is told by its first block, behind which nothing is read (%s)', async (fixture, kind) => {
    const document = readFixture(fixture)
    let readBytes = 0
    const media = mediaOf(async function* () {
      for (const byte of document) {
        readBytes += 1
        yield Uint8Array.of(byte)
      }
    })
    expect(await read(media)).toBe(kind)
    expect(readBytes).toBeLessThan(10_000)
  })

  test('is waited for no longer than its deadline', async () => {
    const silent = mediaOf(async function* (signal) {
      yield readFixture('h264-aac.mkv').subarray(0, 100)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await expect(read(silent, 20)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'KVS_FAILED' })
  })

  test.each([
    ['refuses its number', mediaOf(() => refuse(new GatewayError('BAD_USER_INPUT', 'Fragment numbers are invalid.')))],
    [
      'says so in tags',
      mediaOf(async function* () {
        yield matroska([tags({ AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE: '4000' })])
      }),
    ],
    [
      'says so in the tags that were observed',
      mediaOf(async function* () {
        yield buildTagsDocument([
          { name: 'AWS_KINESISVIDEO_FRAGMENT_NUMBER', value: '1' },
          { name: 'AWS_KINESISVIDEO_ERROR_CODE', value: 'FRAGMENT_NOT_FOUND' },
          { name: 'AWS_KINESISVIDEO_ERROR_ID', value: '3000' },
        ])
      }),
    ],
  ])('is expired where Kinesis Video %s', async (_, media) => {
    await expect(read(media)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'FOOTAGE_EXPIRED' })
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['what is no media', new Uint8Array(100).fill(0x2a)],
    ['less than its header', readFixture('h264-aac.mkv').subarray(0, 100)],
  ])('is not guessed where Kinesis Video gives %s', async (_, bytes) => {
    const media = mediaOf(async function* () {
      yield bytes
    })
    await expect(read(media)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'KVS_FAILED' })
  })

  test('is asked for once, and then known to every gateway that has the store', async () => {
    const framesMs = [0, 40, 80, 120, 160, 200, 240]
    const footage = await startExactFootage([0, 1000, 2000].map((ms) => ({ producerMs: ms, serverMs: ms, framesMs, soundMs: [0, 21, 43] })))
    await using _ = footage.server
    const folder = await mkdtemp(join(tmpdir(), 'clipgate-first-block-'))
    const exact = askFor(40, 2000, { cut: 'EXACT' })
    const files: Uint8Array[] = []
    for (const media of [null, mediaOf(() => refuse(new GatewayError('BAD_USER_INPUT', 'Fragment numbers are invalid.')))]) {
      await using store = await DiskPartStore.open({ folder, capBytes: 1e9 })
      await using harness = await startClipHarness(footage.server.url, { store, ...(media ? { media } : {}) })
      const clip = await whenEnded(harness, await getClip(harness, exact))
      expect(clip.state).toBe('READY')
      files.push(await downloadClip(harness, clip))
    }
    expect(Buffer.compare(files[0] ?? new Uint8Array(0), files[1] ?? new Uint8Array(1))).toBe(0)
    await rm(folder, { recursive: true, force: true })
  })
})

async function* refuse(error: Error): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0)
  throw error
}
