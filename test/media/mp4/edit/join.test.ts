import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { JoinPart, JoinResult } from '../../../../src/media/mp4/edit/join.js'
import type { PartClock } from '../../../../src/media/mp4/edit/part-timing.js'
import { presentationTicks } from '../../../../src/media/mp4/tables/presentation.js'
import { rotationMatrix } from '../../../../src/media/track-matrix.js'
import { joinNow, layOutNow } from '../../../support/mp4-movies.js'
import { md5, type ReadPacket, readWithMediabunny, readWithMp4box } from '../../../support/mp4-packets.js'
import { type Frame, type RecordedFragment, record, render, type SoundCodec, toPart, videoEntry } from '../../../support/mp4-recording.js'

const NOTHING = { startMs: null, tags: [] }

function joinCuts(cuts: readonly (readonly RecordedFragment[])[], sound: SoundCodec | null) {
  const made = cuts.map((fragments, source) => toPart(fragments, sound, source))
  const result = joinNow(
    made.map(({ part }) => part),
    NOTHING,
  )
  if (!result.joined) throw new Error(result.message)
  const file = render(
    layOutNow(result.movie),
    made.map((one) => one.file),
  )
  return { result, file }
}

function cutAt(fragments: readonly RecordedFragment[], borders: readonly number[]): RecordedFragment[][] {
  const starts = [0, ...borders, fragments.length]
  return starts.slice(1).map((end, index) => fragments.slice(starts[index], end))
}

/** Every sample of the recording, at its time from the first sample. */
function expectExact(
  got: readonly ReadPacket[],
  frames: readonly Frame[],
  { zeroMs, withinMs }: { zeroMs: number; withinMs: number },
): void {
  expect(got.map((packet) => packet.md5)).toEqual(frames.map((frame) => md5(frame.payload)))
  expect(got.map(({ isKey }) => isKey)).toEqual(frames.map(({ isKey }) => isKey))
  const worst = got.reduce((most, packet, index) => Math.max(most, Math.abs(packet.timeMs - ((frames[index]?.timeMs ?? 0) - zeroMs))), 0)
  expect(worst).toBeLessThanOrEqual(withinMs)
}

function moved(clock: PartClock | null, byMs: number): PartClock | null {
  return clock && { firstSampleMs: clock.firstSampleMs + byMs, lastSampleMs: clock.lastSampleMs + byMs }
}

function startOf(fragments: readonly RecordedFragment[]): number {
  return Math.min(...fragments.flatMap(({ video, sound }) => [...video, ...sound].map(({ timeMs }) => timeMs)))
}

/** When the first frame of each part of 24 frames is shown, in milliseconds. */
function startsOf(result: JoinResult): number[] {
  const [video] = result.joined ? result.movie.tracks : []
  return video === undefined ? [] : [...presentationTicks(video)].filter((_, index) => index % 24 === 0)
}

const videoOf = (fragments: readonly RecordedFragment[]) => fragments.flatMap(({ video }) => video)
const soundOf = (fragments: readonly RecordedFragment[]) => fragments.flatMap(({ sound }) => sound)

describe('joining parts', () => {
  for (const hasBFrames of [false, true]) {
    for (const sound of [null, 'aac'] as const) {
      test(`keeps every sample of the source at its time (${hasBFrames ? 'with' : 'without'} B-frames, ${sound ?? 'no'} sound)`, async () => {
        const fragments = record({ fragments: 9, hasBFrames, sound })
        const { file } = joinCuts(cutAt(fragments, [2, 3, 7]), sound)
        const packets = await readWithMediabunny(file)
        const zeroMs = startOf(fragments)
        expectExact(packets.video, videoOf(fragments), { zeroMs, withinMs: 0.001 })
        if (sound !== null) expectExact(packets.audio, soundOf(fragments), { zeroMs, withinMs: 1 })
      })
    }
  }

  test('keeps a hole between parts as long as in producer time, for picture and sound', async () => {
    const fragments = record({ fragments: 8, sound: 'aac', gaps: new Map([[4, 61_234]]) })
    const { file } = joinCuts(cutAt(fragments, [4]), 'aac')
    const packets = await readWithMediabunny(file)
    const zeroMs = startOf(fragments)
    expectExact(packets.video, videoOf(fragments), { zeroMs, withinMs: 0.001 })
    expectExact(packets.audio, soundOf(fragments), { zeroMs, withinMs: 1 })
  })

  test('is exact to the millisecond when most fragments begin with sound', async () => {
    for (const rate of [25, 29.97, 30]) {
      const fragments = record({ fragments: 24, framesPerFragment: 20, rate, hasBFrames: true, sound: 'aac', soundFirst: true })
      const { file } = joinCuts(cutAt(fragments, [7, 14]), 'aac')
      const packets = await readWithMediabunny(file)
      const zeroMs = startOf(fragments)
      expectExact(packets.video, videoOf(fragments), { zeroMs, withinMs: 0.001 })
      expectExact(packets.audio, soundOf(fragments), { zeroMs, withinMs: 1 })
    }
  })

  test('is exact for any part border, also when the first frames of a part are shown before the last ones of the previous part', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 47 }),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        async (first, second, hasBFrames) => {
          const recorded = record({ fragments: 6, rate: 25, hasBFrames, gaps: new Map([[3, 400]]) })
          const frames = videoOf(recorded)
          // One fragment for each frame, so that a border can be at any frame.
          const each = frames.map((frame) => ({ startMs: frame.timeMs, video: [frame], sound: [] }))
          const { file } = joinCuts(
            cutAt(
              each,
              [first, first + second].filter((border) => border < each.length),
            ),
            null,
          )
          expectExact((await readWithMediabunny(file)).video, frames, { zeroMs: startOf(recorded), withinMs: 0.001 })
          const [video] = readWithMp4box(file)
          expect(
            video?.samples.every(({ dts, cts }, index) => dts <= cts && (index === 0 || dts > (video.samples[index - 1]?.dts ?? 0))),
          ).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('joins G.711 in runs: bytes in order, even times, a hole as one long sample', () => {
    const fragments = record({ fragments: 8, sound: 'alaw', gaps: new Map([[4, 5000]]) })
    const { file, result } = joinCuts(cutAt(fragments, [2, 4, 6]), 'alaw')
    const sound = readWithMp4box(file)[1]
    const bytes = Buffer.concat((sound?.samples ?? []).map(({ offset, size }) => file.subarray(offset, offset + size)))
    expect(md5(bytes)).toBe(md5(Buffer.concat(soundOf(fragments).map(({ payload }) => payload))))
    const durations = result.movie.tracks[1]?.samples.durations
    expect(typeof durations === 'object' && 'counts' in durations ? durations.counts.length : 0).toBeLessThanOrEqual(4)
    const zeroMs = startOf(fragments)
    const blocks = soundOf(fragments)
    const emptyMs = (sound?.edits[0]?.media_time ?? 0) < 0 ? (sound?.edits[0]?.segment_duration ?? 0) : 0
    const worst = blocks.reduce(
      (most, block, index) => Math.max(most, Math.abs((sound?.samples[index * 160]?.cts ?? 0) / 8 + emptyMs - (block.timeMs - zeroMs))),
      0,
    )
    expect(worst).toBeLessThanOrEqual(1)
  })

  test('gives the same file as one part that contains all fragments, except for the offsets of the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          fragments: fc.integer({ min: 2, max: 7 }),
          framesPerFragment: fc.integer({ min: 8, max: 14 }),
          rate: fc.constantFrom(12.5, 15, 24, 25, 29.97, 30),
          hasBFrames: fc.boolean(),
          sound: fc.constantFrom(null, 'aac', 'alaw'),
        }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        async (options, wanted) => {
          const fragments = record(options)
          const borders = [...new Set(wanted)].filter((border) => border < options.fragments).sort((a, b) => a - b)
          const { file } = joinCuts(cutAt(fragments, borders), options.sound)
          const [video] = readWithMp4box(file)
          const shift = video?.edits.find(({ media_time }) => media_time >= 0)?.media_time ?? 0
          const emptyMs = video?.edits.find(({ media_time }) => media_time < 0)?.segment_duration ?? 0
          const zeroMs = startOf(fragments)
          expect(video?.samples.map(({ cts }) => cts - shift + emptyMs)).toEqual(videoOf(fragments).map(({ timeMs }) => timeMs - zeroMs))
          expect(video?.samples.map(({ offset, size }) => md5(file.subarray(offset, offset + size)))).toEqual(
            videoOf(fragments).map(({ payload }) => md5(payload)),
          )
          expect(
            video?.samples.every(({ dts, cts }, index) => dts <= cts && (index === 0 || dts > (video.samples[index - 1]?.dts ?? 0))),
          ).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('puts the next part at the end of the last frame when producer times are unknown', () => {
    const fragments = record({ fragments: 4, rate: 25 })
    const parts = cutAt(fragments, [2]).map((cut, source) => ({ ...toPart(cut, null, source).part, clock: null }))
    const result = joinNow(parts, NOTHING)
    expect(startsOf(result)).toEqual([0, 960])
  })

  test('does not move the joined time backwards when the producer clock does', () => {
    const fragments = record({ fragments: 4, rate: 25 })
    const cuts = cutAt(fragments, [2]).map((cut, source) => toPart(cut, null, source).part)
    const back = cuts.map((part, index) => ({
      ...part,
      clock: moved(part.clock, -index * 3_600_000),
    }))
    const result = joinNow(back, NOTHING)
    expect(startsOf(result)).toEqual([0, 960])
  })

  test.each([
    [86_400_000, 86_400_960],
    [86_400_001, 960],
    [60 * 86_400_000, 960],
  ])('a producer clock that continues after %i ms makes a hole of at most a day', (gapMs, startMs) => {
    const fragments = record({ fragments: 4, rate: 25 })
    const cuts = cutAt(fragments, [2]).map((cut, source) => toPart(cut, null, source).part)
    const ahead = cuts.map((part, index) => ({
      ...part,
      clock: moved(part.clock, index * gapMs),
    }))
    const result = joinNow(ahead, NOTHING)
    expect(startsOf(result)).toEqual([0, startMs])
  })

  test('a part that lost its sound is a change of tracks, and the error names the part', () => {
    const fragments = record({ fragments: 3, sound: 'aac' })
    const [a, b, c] = cutAt(fragments, [1, 2])
    const parts = [toPart(a ?? [], 'aac', 0), toPart(b ?? [], 'aac', 1), toPart(c ?? [], null, 2)].map(({ part }) => part)
    expect(joinNow(parts, NOTHING)).toMatchObject({ joined: false, reason: 'TRACKS_CHANGE', partIndex: 2 })
  })

  test('a part whose sound has another codec is a change of tracks', () => {
    const [a, b] = cutAt(record({ fragments: 1, sound: 'aac' }).concat(record({ fragments: 1, sound: 'alaw' })), [1])
    const parts = [toPart(a ?? [], 'aac', 0), toPart(b ?? [], 'alaw', 1)].map(({ part }) => part)
    expect(joinNow(parts, NOTHING)).toMatchObject({ joined: false, reason: 'TRACKS_CHANGE', partIndex: 1 })
  })

  test('another configuration of the picture is a change of codecs', () => {
    const fragments = record({ fragments: 2 })
    const [first, second] = cutAt(fragments, [1]).map((cut, source) => toPart(cut, null, source).part)
    if (first === undefined || second === undefined) throw new Error('two parts were made')
    const changed = videoEntry.slice()
    changed[100] = 0x33
    const tracks = second.movie.tracks.map((track) => ({ ...track, sampleEntry: changed }))
    const result: JoinResult = joinNow([first, { ...second, movie: { ...second.movie, tracks } }], NOTHING)
    expect(result).toMatchObject({ joined: false, reason: 'CODEC_CHANGES', partIndex: 1 })
  })

  test('a rotated picture stays rotated, and another rotation is a change of codecs', () => {
    const fragments = record({ fragments: 2 })
    const parts = cutAt(fragments, [1]).map((cut, source) => toPart(cut, null, source).part)
    const turn =
      (degrees: number) =>
      (part: JoinPart): JoinPart => {
        const tracks = part.movie.tracks.map((track) => ({ ...track, matrix: rotationMatrix(degrees, track) }))
        return { ...part, movie: { ...part.movie, tracks } }
      }
    const joined = joinNow(parts.map(turn(90)), NOTHING)
    expect(joined.joined && joined.movie.tracks[0]?.matrix).toEqual(rotationMatrix(90, { width: 320, height: 180 }))
    const mixed = joinNow(
      parts.map((part, index) => turn(index === 0 ? 90 : 180)(part)),
      NOTHING,
    )
    expect(mixed).toMatchObject({ joined: false, reason: 'CODEC_CHANGES', partIndex: 1 })
  })

  test('refuses a join when a part in the middle hides frames, and an empty list of parts', () => {
    const fragments = record({ fragments: 3, rate: 25 })
    const parts = cutAt(fragments, [1, 2]).map((cut, source) => toPart(cut, null, source).part)
    const hiding = parts.map((part, index) => {
      const tracks = part.movie.tracks.map((track) => ({ ...track, edits: [{ durationMs: index === 1 ? 200 : 480, mediaTime: 0 }] }))
      return { ...part, movie: { ...part.movie, tracks } }
    })
    expect(joinNow(hiding, NOTHING)).toMatchObject({ joined: false, reason: 'JOIN_NOT_POSSIBLE', partIndex: 1 })
    expect(joinNow([], NOTHING)).toMatchObject({ joined: false, reason: 'JOIN_NOT_POSSIBLE' })
  })
})
