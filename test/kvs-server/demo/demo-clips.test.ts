import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetClipCommand, KinesisVideoArchivedMediaClient } from '@aws-sdk/client-kinesis-video-archived-media'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DEMO_CAMERAS, type DemoCamera } from '../../../src/kvs-server/demo/demo-camera.js'
import { fillArchive } from '../../../src/kvs-server/demo/fill-archive.js'
import { LoopedFootage } from '../../../src/kvs-server/demo/looped-footage.js'
import { demux, eventsOf } from '../../support/demux.js'
import { type KvsTestServer, startKvsTestServer, TEST_CREDENTIALS } from '../../support/kvs-test-server.js'
import { md5, readPackets, readTables } from '../../support/mp4-readers.js'

// What a viewer downloads of each demo camera, compared with the committed footage that it was made from.

const CLIP_MS = 70_000
const LAST_MS = Math.floor(Date.now() / 1000) * 1000 - 5000
/**
 * A range in the middle of the hour that includes the minute at which the footage repeats. If a camera has a gap, the range is after it.
 */
const START_MS = LAST_MS - 20 * 60_000

let dataDir = ''
let kvs: KvsTestServer
let media: KinesisVideoArchivedMediaClient

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clipgate-demo-clips-'))
  await fillArchive({ dataDir, nowMs: LAST_MS })
  kvs = await startKvsTestServer({ dataDir })
  media = new KinesisVideoArchivedMediaClient({ endpoint: kvs.url, region: 'us-east-1', credentials: TEST_CREDENTIALS, maxAttempts: 1 })
})
afterAll(async () => {
  media?.destroy()
  await kvs?.[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

interface SourceFrame {
  readonly md5: string
  readonly isKey: boolean
  /** Epoch milliseconds. */
  readonly atMs: number
}

interface SourceFrames {
  /** The Matroska document that contains them. */
  readonly bytes: Uint8Array
  readonly video: readonly SourceFrame[]
  readonly audio: readonly SourceFrame[]
}

/** The committed footage as it plays in the range, in file order. */
async function readSource(camera: DemoCamera): Promise<SourceFrames> {
  const footage = await LoopedFootage.load(camera.footage)
  const parts = [footage.header]
  for (const cluster of footage.clustersFrom(START_MS)) {
    if (cluster.timestampMs > START_MS + CLIP_MS) break
    parts.push(cluster.bytes)
  }
  const bytes = new Uint8Array(Buffer.concat(parts))
  const events = demux(bytes)
  const videoTrack = eventsOf(events, 'tracks')[0]?.tracks.find(({ type }) => type === 'video')?.number
  const frames = eventsOf(events, 'cluster-end').flatMap(({ range, timestampMs, samples }) =>
    Array.from({ length: samples.count }, (_, row) => {
      const at = range.start + (samples.offsets[row] ?? 0)
      return {
        isVideo: samples.tracks[row] === videoTrack,
        md5: md5(bytes.subarray(at, at + (samples.sizes[row] ?? 0))),
        isKey: samples.keys[row] === 1,
        atMs: timestampMs + (samples.times[row] ?? 0),
      }
    }),
  )
  return { bytes, video: frames.filter(({ isVideo }) => isVideo), audio: frames.filter(({ isVideo }) => !isVideo) }
}

async function getClip({ streamName }: DemoCamera): Promise<Uint8Array> {
  const TimestampRange = { StartTimestamp: new Date(START_MS), EndTimestamp: new Date(START_MS + CLIP_MS) }
  const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange } as const
  const { Payload } = await media.send(new GetClipCommand({ StreamName: streamName, ClipFragmentSelector }))
  return (await Payload?.transformToByteArray()) ?? new Uint8Array(0)
}

function contents(frames: readonly { readonly md5: string; readonly isKey: boolean }[]) {
  return frames.map((frame) => ({ md5: frame.md5, isKey: frame.isKey }))
}

/** The largest difference in milliseconds between two clocks that started together. */
function worstMs(got: readonly number[], expected: readonly number[], originMs: number): number {
  return Math.max(...got.map((atMs, index) => Math.abs(atMs + originMs - (expected[index] ?? Number.NaN))))
}

describe.each(DEMO_CAMERAS)('a clip of $streamName', (camera) => {
  let source: SourceFrames
  let file: Uint8Array
  let originMs: number
  beforeAll(async () => {
    source = await readSource(camera)
    file = await getClip(camera)
    // A clip begins with its first frame, whether sound or picture.
    originMs = Math.min(...[...source.video, ...source.audio].map(({ atMs }) => atMs))
  })

  test('contains every frame of the committed footage, byte for byte, with its key flag: mediabunny', async () => {
    expect(source.video.length).toBeGreaterThan(300)
    expect(source.audio.length > 0).toBe(camera.mediaType.includes('audio'))
    // Another reader also reads the source, so that our demuxer does not verify itself.
    expect(contents(await readPackets(source.bytes, 'video'))).toEqual(contents(source.video))
    expect(contents(await readPackets(file, 'video'))).toEqual(contents(source.video))
    expect((await readPackets(file, 'audio')).map((packet) => packet.md5)).toEqual(source.audio.map((frame) => frame.md5))
  })

  test('shows each picture at its millisecond, and plays sound within one millisecond: mediabunny', async () => {
    const timesOf = async (kind: 'video' | 'audio') => (await readPackets(file, kind)).map(({ at }) => at * 1000)
    const [video, audio] = [source.video.map(({ atMs }) => atMs), source.audio.map(({ atMs }) => atMs)]
    expect(worstMs(await timesOf('video'), video, originMs)).toBeLessThan(0.001)
    if (audio.length > 0) expect(worstMs(await timesOf('audio'), audio, originMs)).toBeLessThanOrEqual(1)
  })

  test('has the same times in its tables, in decoding order: mp4box', () => {
    const [video, audio] = readTables(file)
    expect(contents(video?.samples ?? [])).toEqual(contents(source.video))
    expect((audio?.samples ?? []).map((sample) => sample.md5)).toEqual(source.audio.map((frame) => frame.md5))
    for (const track of [video, audio]) {
      const steps = (track?.samples ?? []).map(({ dts, duration }, index, all) => (all[index + 1]?.dts ?? dts + duration) - dts)
      expect(steps.every((step) => step > 0)).toBe(true)
    }
    const scale = 1000 / (video?.timescale ?? 1)
    const shown = (video?.samples ?? []).map(({ cts }) => cts * scale)
    const first = shown[0] ?? 0
    const relative = shown.map((atMs) => atMs - first)
    const expected = source.video.map(({ atMs }) => atMs)
    expect(worstMs(relative, expected, expected[0] ?? 0)).toBeLessThan(0.001)
  })
})
