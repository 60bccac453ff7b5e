import { describe, expect, test } from '@jest/globals'
import { buildFragmentMovie, type MovieFragment } from '../../../src/media/timeline/fragment-movie.js'
import { readFixture } from '../../support/fixtures.js'
import { fragmentsOf, readSlices } from '../../support/fragments.js'
import { toLiveForm } from '../../support/mkv-builder.js'
import { layOutNow } from '../../support/mp4-movies.js'
import { md5, readPackets, readTables, type SeenPacket } from '../../support/mp4-readers.js'

const CASES: [string, Uint8Array][] = [
  ['H.264 and AAC', readFixture('h264-aac.mkv')],
  ['H.264 with B-frames', readFixture('h264-bframes-aac.mkv')],
  ['H.265', readFixture('hevc-aac.mkv')],
  ['video alone', readFixture('h264-only.mkv')],
  ['A-law', readFixture('h264-alaw.mkv')],
  ['mu-law in stereo', readFixture('h264-ulaw-stereo.mkv')],
  ['a Segment of unknown size', readFixture('h264-aac-live.mkv')],
  ['Clusters of unknown size', toLiveForm(readFixture('h264-bframes-aac.mkv'))],
]

function clipOf(fragments: readonly MovieFragment[], upload: Uint8Array): Uint8Array {
  return readSlices(layOutNow(buildFragmentMovie(fragments)), [upload])
}

/** The frames of one track by the tables of the source, in file order. */
function sourceFrames(fragments: readonly MovieFragment[], upload: Uint8Array, track: number) {
  return fragments.flatMap(({ samples, clusterOffset, timestampMs }) =>
    Array.from({ length: samples.count }, (_, row) => row)
      .filter((row) => samples.tracks[row] === track)
      .map((row) => {
        const at = clusterOffset + (samples.offsets[row] ?? 0)
        const bytes = upload.subarray(at, at + (samples.sizes[row] ?? 0))
        return { bytes, md5: md5(bytes), isKey: samples.keys[row] === 1, ms: timestampMs + (samples.times[row] ?? 0) }
      }),
  )
}

function shape(packets: readonly { md5: string; isKey: boolean }[]) {
  return packets.map((packet) => ({ md5: packet.md5, isKey: packet.isKey }))
}

function startMsOf(fragments: readonly MovieFragment[]): number {
  return buildFragmentMovie(fragments).startMs ?? Number.NaN
}

describe.each(CASES)('a clip of %s', (_, upload) => {
  const fragments = fragmentsOf(upload)
  const clip = clipOf(fragments, upload)

  test('has the video of the source, frame by frame, to the millisecond', async () => {
    const source = await readPackets(upload, 'video')
    const seen = await readPackets(clip, 'video')
    expect(source.length).toBeGreaterThan(0)
    expect(shape(seen)).toEqual(shape(source))
    const startMs = startMsOf(fragments)
    expect(seen.map(({ at }) => Math.round(at * 1e6) / 1000)).toEqual(source.map(({ at }) => Math.round(at * 1000) - startMs))
  })

  test('has the AAC of the source, frame by frame, within a millisecond', async () => {
    const source = await readPackets(upload, 'audio')
    const startMs = startMsOf(fragments)
    if (source.length === 0) return
    const seen = await readPackets(clip, 'audio')
    expect(seen.map((packet) => packet.md5)).toEqual(source.map((packet) => packet.md5))
    const errors = seen.map(({ at }: SeenPacket, index) => Math.abs(at * 1000 + startMs - (source[index]?.at ?? Number.NaN) * 1000))
    expect(Math.max(...errors)).toBeLessThanOrEqual(1)
  })

  test('has tables that a second reader reads', () => {
    for (const [index, track] of readTables(clip).entries()) {
      const source = sourceFrames(fragments, upload, index + 1)
      const { samples } = track
      expect(samples.slice(1).every((sample, row) => sample.dts > (samples[row]?.dts ?? 0))).toBe(true)
      expect(samples.every((sample) => sample.cts >= sample.dts)).toBe(true)
      if (/law/.test(track.codec)) continue
      expect(shape(samples)).toEqual(shape(source))
    }
  })
})

describe.each([
  ['h264-alaw.mkv', 'alaw', 1],
  ['h264-ulaw-stereo.mkv', 'ulaw', 2],
] as const)('G.711 of %s', (name, codec, channels) => {
  test('has a sample for each instant, with all bytes of the source in order', () => {
    const upload = readFixture(name)
    const fragments = fragmentsOf(upload)
    const clip = clipOf(fragments, upload)
    const sound = readTables(clip)[1]
    const source = sourceFrames(fragments, upload, 2)
    const bytes = Buffer.concat(source.map((frame) => frame.bytes))
    expect(sound?.codec).toBe(codec)
    expect(sound?.timescale).toBe(8000)
    expect(sound?.samples.length).toBe(bytes.byteLength / channels)
    expect(sound?.samples.map((sample) => sample.md5)).toEqual(
      Array.from({ length: bytes.byteLength / channels }, (_, at) => md5(bytes.subarray(at * channels, (at + 1) * channels))),
    )
    expect(sound?.samples.every((sample) => sample.duration === 1)).toBe(true)
  })
})

describe('a hole between fragments', () => {
  test.each(['h264-bframes-aac.mkv', 'h264-alaw.mkv'])('keeps every time of %s relative to the source', async (name) => {
    const upload = readFixture(name)
    const all = fragmentsOf(upload)
    const [first, , third] = all
    if (!first || !third) throw new Error('expected three fragments')
    const fragments = [first, third]
    const seen = await readPackets(clipOf(fragments, upload), 'video')
    const source = sourceFrames(fragments, upload, 1)
    const startMs = startMsOf(fragments)
    expect(seen.map(({ at }) => Math.round(at * 1e6) / 1000)).toEqual(source.map(({ ms }) => ms - startMs))
    const [, sound] = readTables(clipOf(fragments, upload))
    const delayMs = sound?.edits.find((edit) => edit.media_time === -1)?.segment_duration ?? 0
    const firstOfThird = sourceFrames([third], upload, 2)[0]
    const shown = sound?.samples.map((sample) => (sample.cts * 1000) / (sound?.timescale ?? 1) + delayMs) ?? []
    const nearest = Math.min(...shown.map((ms) => Math.abs(ms - ((firstOfThird?.ms ?? 0) - startMs))))
    expect(nearest).toBeLessThanOrEqual(1)
  })
})
