import { describe, expect, test } from '@jest/globals'
import { readPictures } from '../../../src/delivery/parts/read-pictures.js'
import { GatewayError } from '../../../src/domain/errors.js'
import type { FragmentMediaSource } from '../../../src/kvs/ports.js'
import { buildTagsDocument } from '../../../src/media/matroska/muxer.js'
import { readFixture } from '../../support/fixtures.js'
import { recording, tags } from '../../support/footage.js'
import { enoughTime } from '../../support/kvs-for-test.js'
import { cluster, concatBytes, matroska, simpleBlock } from '../../support/mkv-builder.js'

const streamArn = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1700000000000'

function mediaOf(bytes: (signal: AbortSignal) => AsyncIterable<Uint8Array>): FragmentMediaSource {
  return { getMedia: async (_arn, _numbers, signal) => bytes(signal) }
}

const read = (media: FragmentMediaSource, fragmentNumbers: readonly string[] = ['1'], withinMs?: number) =>
  readPictures(media, { streamArn, fragmentNumbers }, { signal: enoughTime(), ...(withinMs === undefined ? {} : { withinMs }) })

/**
 * A fragment as Kinesis Video returns it: a separate document, in which the Timestamp of the Cluster is not the time of the first block.
 */
function fragment(number: string, times: readonly number[], bytes = 12): Uint8Array {
  const blocks = times.map((time, index) => simpleBlock({ track: 1, time, isKey: index === 0, payload: new Uint8Array(bytes + index) }))
  return recording([tags({ AWS_KINESISVIDEO_FRAGMENT_NUMBER: number }), cluster(5000, blocks)])
}

async function* refuse(error: Error): AsyncGenerator<Uint8Array> {
  yield* []
  throw error
}

describe('the pictures of fragments', () => {
  test('are read in one call, each from its own document, at any chunking', async () => {
    const body = concatBytes(fragment('7', [160, 80, 0, 40, 120]), fragment('8', [-40, 20]))
    for (const chunkBytes of [1, 7, 4096]) {
      let calls = 0
      const media: FragmentMediaSource = {
        getMedia: async () => {
          calls += 1
          return (async function* () {
            for (let at = 0; at < body.byteLength; at += chunkBytes) yield body.subarray(at, at + chunkBytes)
          })()
        },
      }
      expect(await read(media, ['7', '8'])).toEqual([
        { timesMs: [160, 80, 0, 40, 120], sizes: [12, 13, 14, 15, 16], keys: [0], openKeys: [], frames: 5, blockBytes: 100 },
        { timesMs: [-40, 20], sizes: [12, 13], keys: [0], openKeys: [], frames: 2, blockBytes: 37 },
      ])
      expect(calls).toBe(1)
    }
  })

  test('are read only as far as necessary', async () => {
    let given = 0
    const media = mediaOf(async function* () {
      for (const number of ['9', '8', '7']) {
        given += 1
        yield fragment(number, [0, 40])
        yield buildTagsDocument([{ name: 'END', value: number }])
      }
    })
    const options = { signal: enoughTime(), isEnough: (_: unknown, index: number) => index === 1 }
    expect(await readPictures(media, { streamArn, fragmentNumbers: ['9', '8', '7'] }, options)).toHaveLength(2)
    expect(given).toBe(2)
  })

  test('of more than 1,000 fragments take one call for each thousand', async () => {
    const callSizes: number[] = []
    const media: FragmentMediaSource = {
      getMedia: async (_arn, numbers) => {
        callSizes.push(numbers.length)
        return (async function* () {
          for (const number of numbers) yield fragment(number, [0])
        })()
      },
    }
    const numbers = Array.from({ length: 1001 }, (_, index) => String(index))
    expect(await read(media, numbers)).toHaveLength(1001)
    expect(callSizes).toEqual([1000, 1])
  })

  test('are not awaited beyond their deadline', async () => {
    const silent = mediaOf(async function* (signal) {
      yield readFixture('h264-aac.mkv').subarray(0, 100)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await expect(read(silent, ['1'], 20)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'KVS_FAILED' })
  })

  test.each([
    ['refuses a number', mediaOf(() => refuse(new GatewayError('BAD_USER_INPUT', 'Fragment numbers are invalid.')))],
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
  ])('are reported as expired when Kinesis Video %s', async (_, media) => {
    await expect(read(media)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'FOOTAGE_EXPIRED' })
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['what is not media', new Uint8Array(100).fill(0x2a)],
    ['less than a header', readFixture('h264-aac.mkv').subarray(0, 100)],
    ['another fragment', fragment('2', [0, 40])],
    ['a fragment too few', fragment('1', [0, 40])],
  ])('are not guessed when Kinesis Video returns %s', async (what, bytes) => {
    const media = mediaOf(async function* () {
      yield bytes
    })
    const numbers = what === 'a fragment too few' ? ['1', '2'] : ['1']
    await expect(read(media, numbers)).rejects.toMatchObject({ name: 'ClipUnavailable', reason: 'KVS_FAILED' })
  })

  test('of a fragment without video are an empty list', async () => {
    const sound = {
      number: 2,
      type: 2,
      codecId: 'A_AAC',
      codecPrivate: Uint8Array.of(0x11, 0x88),
      audio: { sampleRate: 48_000, channels: 1 },
    }
    const block = simpleBlock({ track: 2, time: 0, isKey: true, payload: new Uint8Array(8) })
    const media = mediaOf(async function* () {
      yield recording([cluster(0, [block])], [sound])
    })
    expect(await read(media)).toEqual([{ timesMs: [], sizes: [], keys: [], openKeys: [], frames: 0, blockBytes: 0 }])
  })
})
