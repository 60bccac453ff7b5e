import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { askFor, type ClipHarness, readContent, START, startClipHarness, tokenOf } from '../support/clip-harness.js'
import { enoughTime } from '../support/kvs-for-test.js'
import { type KvsTestServer, startKvsTestServer } from '../support/kvs-test-server.js'
import { type Mp4boxTrack, md5, readWithMediabunny, readWithMp4box } from '../support/mp4-packets.js'
import { recordPair, SOUND_CODECS, type SourceBlock, VIDEO_CODECS } from '../support/paired-footage.js'
import { upload } from '../support/producer.js'

/** Three GetClip calls. The footage continues between the first two. There is a hole between the last two, and one inside each part. */
const FRAGMENTS = 404
const GAPS = new Map([
  [50, 1700],
  [301, 433],
  [400, 61_234],
  [402, 2000],
])

const PAIRS = VIDEO_CODECS.flatMap((video) =>
  SOUND_CODECS.flatMap((sound) =>
    [false, true].map((hasBFrames) => ({ video, sound, hasBFrames, order: hasBFrames ? 'with' : 'without' })),
  ),
)

let server: KvsTestServer
let harness: ClipHarness
beforeAll(async () => {
  server = await startKvsTestServer()
  harness = await startClipHarness(server.url)
})
afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

async function join(stream: string, document: Uint8Array): Promise<Uint8Array> {
  await server.control.send(new CreateStreamCommand({ StreamName: stream, DataRetentionInHours: 24 }))
  await upload(server.url, document, { stream, start: String(START / 1000) })
  const { clip, issues } = await harness.clips.request(askFor(0, 3_600_000, { streamName: stream }), enoughTime())
  if (clip === null) throw new Error(JSON.stringify(issues))
  expect(clip.fragmentCount).toBe(FRAGMENTS)
  return readContent(await harness.clips.open(tokenOf(clip), enoughTime()), enoughTime())
}

/** When the edit list shows each sample, in milliseconds. */
function shownMs({ samples, edits, timescale }: Mp4boxTrack): number[] {
  const emptyMs = edits.find(({ media_time }) => media_time < 0)?.segment_duration ?? 0
  const mediaTime = edits.find(({ media_time }) => media_time >= 0)?.media_time ?? 0
  return samples.map(({ cts }) => ((cts - mediaTime) * 1000) / timescale + emptyMs)
}

/** The first sample of each block, because G.711 has a sample for each instant of sound. */
function firstTimes(times: readonly number[], track: Mp4boxTrack, blocks: readonly SourceBlock[]): number[] {
  let at = 0
  return blocks.map(({ payload }) => {
    const timeMs = times[at] ?? Number.NaN
    for (let left = payload.byteLength; left > 0; at += 1) left -= track.samples[at]?.size ?? left
    return timeMs
  })
}

describe('a clip of several parts', () => {
  test.each(PAIRS)('matches its source to the byte and the millisecond: $video and $sound, $order B-frames', async (pair) => {
    const source = recordPair({ ...pair, fragments: FRAGMENTS, gaps: GAPS })
    const file = await join(`${pair.video}-${pair.sound}-${pair.order}`.replace(/[^\w-]/g, ''), source.document)
    const [video, sound] = readWithMp4box(file)
    expect(video?.samples.map(({ offset, size }) => md5(file.subarray(offset, offset + size)))).toEqual(
      source.video.map(({ payload }) => md5(payload)),
    )
    expect(video && shownMs(video)).toEqual(source.video.map(({ timeMs }) => timeMs))
    const decoded = video?.samples.map(({ dts }) => dts) ?? []
    expect(decoded.every((dts, index) => index === 0 || dts > (decoded[index - 1] ?? 0))).toBe(true)

    const packets = await readWithMediabunny(file)
    expect(packets.video.map(({ timeMs }) => Math.round(timeMs * 1000) / 1000)).toEqual(source.video.map(({ timeMs }) => timeMs))
    expect(packets.video.map((packet) => packet.md5)).toEqual(source.video.map(({ payload }) => md5(payload)))

    if (sound === undefined) {
      expect(source.sound).toEqual([])
      return
    }
    const heard = Buffer.concat(sound.samples.map(({ offset, size }) => file.subarray(offset, offset + size)))
    expect(md5(heard)).toBe(md5(Buffer.concat(source.sound.map(({ payload }) => payload))))
    const off = firstTimes(shownMs(sound), sound, source.sound).map((timeMs, index) =>
      Math.abs(timeMs - (source.sound[index]?.timeMs ?? 0)),
    )
    // Matroska rounds to the millisecond, and the clock of the sound does not.
    expect(Math.max(...off)).toBeLessThanOrEqual(1)
  })
})
