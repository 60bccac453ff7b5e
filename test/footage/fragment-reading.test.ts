import { describe, expect, test } from '@jest/globals'
import { GatewayError } from '../../src/domain/errors.js'
import { readFragment } from '../../src/footage/fragment-reading.js'
import type { FragmentMediaSource } from '../../src/kvs/ports.js'
import { buildTags } from '../../src/media/matroska/muxer.js'
import { FakeFragmentMedia } from '../support/fake-kvs.js'
import { footage, header, recording, VIDEO } from '../support/footage.js'
import { bytesOf, cluster, concatBytes, simpleBlock } from '../support/mkv-builder.js'

const NAME = { streamArn: 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/gate/1600000000000', fragmentNumber: '7' }
const signal = new AbortController().signal

function read(body: Uint8Array, media = new FakeFragmentMedia()) {
  media.bodies.set('7', body)
  return readFragment(media, NAME, signal)
}

describe('reading a fragment', () => {
  test('tells its tracks and the times of its frames', async () => {
    const { tracks, samples, invalidFrame } = await read(recording([footage(0, { frames: 4, frameMs: 40 })]))
    expect(tracks).toMatchObject([{ number: 1, codecId: 'V_MPEG4/ISO/AVC', video: { width: 64, height: 48 } }])
    expect([...samples.times]).toEqual([0, 40, 80, 120])
    expect(invalidFrame).toBeNull()
  })

  test('takes a Cluster of unknown size, up to the end or to the tags of the service', async () => {
    const open = footage(0, { form: 'unknown-1' })
    expect((await read(recording([open]))).samples.count).toBe(5)
    expect((await read(recording([open, buildTags([{ name: 'A', value: 'b' }])]))).samples.count).toBe(5)
  })

  test('reads no further than the first Cluster', async () => {
    const media = new FakeFragmentMedia()
    const many = recording([footage(0), ...Array.from({ length: 100 }, (_, index) => footage((index + 1) * 1000, { bytes: 2000 }))])
    expect((await read(many, media)).samples.count).toBe(5)
    expect(media.readBytes).toBeLessThan(3000)
  })

  test('finds frames that are invalid for their codec', async () => {
    const annexB = simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(0, 0, 0, 1, 0x65, 1, 2, 3) })
    const { invalidFrame } = await read(recording([cluster(0, [annexB])]))
    expect(invalidFrame).toMatch(/^track 1 has a frame that ends inside/)
  })

  test('finds a Cluster that makes no sense behind tracks that do', async () => {
    const { tracks, samples, invalidFrame } = await read(recording([cluster(0, [bytesOf(0xa3, 0x84, 0x81, 0, 0)]), bytesOf(0, 0, 0, 0)]))
    expect(tracks).toHaveLength(1)
    expect(samples.count).toBe(0)
    expect(invalidFrame).not.toBeNull()
  })

  test('stops where a fragment has more frames than any can have', async () => {
    const media = new FakeFragmentMedia()
    media.chunkBytes = 65_536
    const frames = Array.from({ length: 1000 }, () => simpleBlock({ track: 1, time: 0, payload: bytesOf(0, 0, 0, 1, 0x65) }))
    const bomb = recording([
      cluster(
        0,
        Array.from({ length: 300 }, () => concatBytes(...frames)),
      ),
    ])
    const { invalidFrame } = await read(bomb, media)
    expect(invalidFrame).toContain('100000')
    expect(media.readBytes).toBeLessThan(bomb.length / 2)
  })

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['what is no Matroska', new TextEncoder().encode('<html>gone</html>')],
    ['a header alone', header()],
    ['a Cluster that was cut on the way', recording([footage(0)]).subarray(0, -30)],
    ['the tags that stand for an exception', buildTags([{ name: 'AWS_KINESISVIDEO_EXCEPTION_MESSAGE', value: 'expired' }])],
  ])('refuses %s as something that may be there the next time', async (_, body) => {
    const error = await read(body).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'KVS_UNAVAILABLE', message: expect.stringContaining('fragment 7') })
  })

  test('keeps the sentence of the service for the log', async () => {
    const refusal = recording([buildTags([{ name: 'AWS_KINESISVIDEO_EXCEPTION_MESSAGE', value: 'The key is disabled.' }])], [VIDEO])
    await expect(read(refusal)).rejects.toMatchObject({ code: 'KVS_UNAVAILABLE', cause: { message: 'The key is disabled.' } })
  })

  test('says that it was throttled, also when the time of the caller ended that', async () => {
    const late = new AbortController()
    const throttled = new GatewayError('KVS_THROTTLED', 'Kinesis Video throttles GetMediaForFragmentList: ask again later.')
    const throttling: FragmentMediaSource = {
      async getMedia() {
        late.abort(new DOMException('The time of the request is over.', 'TimeoutError'))
        throw throttled
      },
    }
    await expect(readFragment(throttling, NAME, late.signal)).rejects.toBe(throttled)
  })

  test('ends with the caller', async () => {
    const leaving = new AbortController()
    const endless: FragmentMediaSource = {
      async getMedia() {
        return (async function* () {
          yield header()
          for (;;) {
            await new Promise(setImmediate)
            leaving.abort(new Error('left'))
            yield new Uint8Array(0)
          }
        })()
      },
    }
    await expect(readFragment(endless, NAME, leaving.signal)).rejects.toThrow('left')
  })
})
