import { describe, expect, test } from '@jest/globals'
import { concat } from '../../../../src/media/bytes.js'
import { buildInitSegment, buildMediaSegment } from '../../../../src/media/mp4/write/fragmented.js'
import { md5, readWithMediabunny, readWithMp4box } from '../../../support/mp4-packets.js'
import { clipMovie, record, render, type SoundCodec } from '../../../support/mp4-recording.js'

const SESSION_STARTS_MS = 1000

function hlsFile(sound: SoundCodec | null, hasBFrames: boolean) {
  const fragments = record({ fragments: 3, hasBFrames, sound })
  const zeroMs = fragments[0]?.startMs ?? 0
  const made = fragments.map((fragment) => clipMovie([fragment], sound))
  const segments = made.map(({ movie, media }, index) => {
    const fragment = fragments[index]
    const startMs =
      Math.min(...[...(fragment?.video ?? []), ...(fragment?.sound ?? [])].map(({ timeMs }) => timeMs)) - zeroMs + SESSION_STARTS_MS
    return render(buildMediaSegment(movie, { sequenceNumber: index + 1, startMs }), [media])
  })
  const file = concat([buildInitSegment(made[0]?.movie.tracks ?? []), ...segments])
  return { fragments, zeroMs, file, segments }
}

describe('fragments for HLS', () => {
  for (const hasBFrames of [false, true]) {
    test(`have every sample at its time, ${hasBFrames ? 'with' : 'without'} B-frames`, async () => {
      const { fragments, zeroMs, file } = hlsFile('aac', hasBFrames)
      const packets = await readWithMediabunny(file)
      const frames = fragments.flatMap(({ video }) => video)
      const sound = fragments.flatMap((fragment) => fragment.sound)
      expect(packets.video.map((packet) => packet.md5)).toEqual(frames.map(({ payload }) => md5(payload)))
      expect(packets.video.map(({ isKey }) => isKey)).toEqual(frames.map(({ isKey }) => isKey))
      expect(packets.video.map(({ timeMs }) => Math.round(timeMs))).toEqual(frames.map(({ timeMs }) => timeMs - zeroMs + SESSION_STARTS_MS))
      expect(packets.audio.map((packet) => packet.md5)).toEqual(sound.map(({ payload }) => md5(payload)))
      const off = packets.audio.map(({ timeMs }, index) => Math.abs(timeMs - ((sound[index]?.timeMs ?? 0) - zeroMs + SESSION_STARTS_MS)))
      expect(Math.max(...off)).toBeLessThanOrEqual(1)
    })
  }

  test('need no row for each byte of G.711', () => {
    const { file, segments, fragments } = hlsFile('alaw', false)
    expect(readWithMp4box(file)[1]?.samples).toHaveLength(fragments.reduce((total, fragment) => total + fragment.sound.length * 160, 0))
    const bytes = concat(segments.flatMap(soundRuns))
    expect(md5(bytes)).toBe(md5(concat(fragments.flatMap((fragment) => fragment.sound.map(({ payload }) => payload)))))
    const media = fragments
      .flatMap(({ video, sound: blocks }) => [...video, ...blocks])
      .reduce((total, { payload }) => total + payload.byteLength + 2, 0)
    expect(segments.reduce((total, { byteLength }) => total + byteLength, 0) - media).toBeLessThan(4000)
  })

  test('start decoding at their presentation time, without an edit list and at no time below zero', () => {
    const { movie, media } = clipMovie(record({ fragments: 1, hasBFrames: true }), null)
    const segment = Buffer.from(render(buildMediaSegment(movie, { sequenceNumber: 1, startMs: 0 }), [media]))
    expect(segment.readBigUInt64BE(segment.indexOf('tfdt') + 8)).toBe(0n)
    expect(Buffer.from(buildInitSegment(movie.tracks)).includes('edts')).toBe(false)
    expect(() => buildMediaSegment(movie, { sequenceNumber: 1, startMs: -1 })).toThrow(RangeError)
  })
})

/**
 * The bytes that the runs of the second track point to, one byte a sample. Read here, because mp4box places every run after the first
 * directly behind the previous one, regardless of its data_offset.
 */
function soundRuns(segment: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(segment)
  const moofAt = bytes.indexOf('moof') - 4
  const runs: Uint8Array[] = []
  for (let at = bytes.indexOf('trun', bytes.lastIndexOf('traf')); at >= 0; at = bytes.indexOf('trun', at + 4)) {
    const start = moofAt + bytes.readInt32BE(at + 12)
    runs.push(segment.subarray(start, start + bytes.readUInt32BE(at + 8)))
  }
  return runs
}
