import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { MatroskaDemuxer } from '../../../../src/media/matroska/demuxer.js'
import { buildFragmentMovie, type MovieFragment } from '../../../../src/media/timeline/fragment-movie.js'
import { joinNow, layOutNow, readWhole } from '../../../support/mp4-movies.js'
import { type Mp4boxTrack, md5, readWithMp4box } from '../../../support/mp4-packets.js'
import { render } from '../../../support/mp4-recording.js'

const FIXTURES = ['h264-aac', 'h264-bframes-aac', 'h264-only', 'h264-alaw', 'h264-ulaw-stereo', 'hevc-aac', 'h264-aac-live']

function readFixture(name: string): { bytes: Uint8Array; fragments: MovieFragment[] } {
  const bytes = new Uint8Array(readFileSync(new URL(`../../../fixtures/${name}.mkv`, import.meta.url)))
  const demuxer = new MatroskaDemuxer()
  const events = [...demuxer.push(bytes), ...demuxer.end()]
  const tracks = events.flatMap((event) => (event.kind === 'tracks' ? [event.tracks] : []))[0] ?? []
  const fragments = events.flatMap((event) => {
    if (event.kind !== 'cluster-end') return []
    const { samples, timestampMs, range } = event
    return [{ tracks, samples, timestampMs, source: 0, clusterOffset: range.start, clusterBytes: range.end - range.start }]
  })
  return { bytes, fragments }
}

/** The blocks of one track as they are in the Matroska file. */
function blocksOf({ bytes, fragments }: ReturnType<typeof readFixture>, number: number): { timeMs: number; payload: Uint8Array }[] {
  return fragments.flatMap(({ samples, timestampMs, clusterOffset }) =>
    Array.from(samples.tracks, (track, row) => ({ track, row }))
      .filter(({ track }) => track === number)
      .map(({ row }) => {
        const start = clusterOffset + (samples.offsets[row] ?? 0)
        return { timeMs: timestampMs + (samples.times[row] ?? 0), payload: bytes.subarray(start, start + (samples.sizes[row] ?? 0)) }
      }),
  )
}

/** When the edit list shows each sample, in milliseconds. */
function shownMs({ samples, edits, timescale }: Mp4boxTrack): number[] {
  const emptyMs = edits.find(({ media_time }) => media_time < 0)?.segment_duration ?? 0
  const mediaTime = edits.find(({ media_time }) => media_time >= 0)?.media_time ?? 0
  return samples.map(({ cts }) => ((cts - mediaTime) * 1000) / timescale + emptyMs)
}

describe('one GetClip response for each fragment, joined', () => {
  test.each(FIXTURES)('equals the source to the byte and the millisecond: %s', (name) => {
    const fixture = readFixture(name)
    const files = fixture.fragments.map((fragment) => render(layOutNow(buildFragmentMovie([fragment])), [fixture.bytes]))
    const parts = files.map((file, source) => {
      const parsed = readWhole(file, source)
      if (!parsed.understood) throw new Error(parsed.reason)
      const fragment = fixture.fragments[source]
      const times = [...(fragment?.samples.times ?? [])].filter((_, row) => fragment?.samples.tracks[row] === 1)
      const startMs = fragment?.timestampMs ?? 0
      return { movie: parsed.movie, clock: { firstSampleMs: startMs + (times[0] ?? 0), lastSampleMs: startMs + (times.at(-1) ?? 0) } }
    })
    const joined = joinNow(parts, { startMs: null, tags: [] })
    if (!joined.joined) throw new Error(joined.message)
    const file = render(layOutNow(joined.movie), files)

    const [video, sound] = readWithMp4box(file)
    const [expectedVideo, expectedSound] = [blocksOf(fixture, 1), blocksOf(fixture, 2)]
    const zeroMs = Math.min(...[...expectedVideo, ...expectedSound].map(({ timeMs }) => timeMs))
    const hashes = video?.samples.map(({ offset, size }) => md5(file.subarray(offset, offset + size)))
    expect(hashes).toEqual(expectedVideo.map(({ payload }) => md5(payload)))
    expect(video === undefined ? [] : shownMs(video)).toEqual(expectedVideo.map(({ timeMs }) => timeMs - zeroMs))

    if (sound === undefined) {
      expect(expectedSound).toEqual([])
      return
    }
    const heard = Buffer.concat(sound.samples.map(({ offset, size }) => file.subarray(offset, offset + size)))
    expect(md5(heard)).toBe(md5(Buffer.concat(expectedSound.map(({ payload }) => payload))))
    // G.711 has a sample for each instant of sound, not for each block.
    const times = shownMs(sound)
    let at = 0
    for (const { timeMs, payload } of expectedSound) {
      expect(Math.abs((times[at] ?? 0) - (timeMs - zeroMs))).toBeLessThanOrEqual(1)
      for (let left = payload.byteLength; left > 0; at += 1) left -= sound.samples[at]?.size ?? left
    }
  })
})
