import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { joinNow, layOutNow, trimNow } from '../../../support/mp4-movies.js'
import { md5, readWithMp4box } from '../../../support/mp4-packets.js'
import { type RecordedFragment, record, render, type SoundCodec, toPart } from '../../../support/mp4-recording.js'

function joined(fragments: readonly RecordedFragment[], sound: SoundCodec | null) {
  const half = Math.ceil(fragments.length / 2)
  const made = [fragments.slice(0, half), fragments.slice(half)]
    .filter((cut) => cut.length > 0)
    .map((cut, source) => toPart(cut, sound, source))
  const result = joinNow(
    made.map(({ part }) => part),
    { startMs: fragments[0]?.startMs ?? 0, tags: [] },
  )
  if (!result.joined) throw new Error(result.message)
  return { movie: result.movie, files: made.map(({ file }) => file) }
}

/** The frames that a player shows, by the tables and edit list that mp4box reads: payload and presentation time. */
function shownFrames(file: Uint8Array): { md5: string; timeMs: number }[] {
  const [video] = readWithMp4box(file)
  const edit = video?.edits.find(({ media_time }) => media_time >= 0)
  if (video === undefined || edit === undefined) return []
  return video.samples
    .filter(({ cts }) => cts >= edit.media_time && cts < edit.media_time + edit.segment_duration)
    .map(({ cts, offset, size }) => ({ timeMs: cts - edit.media_time, md5: md5(file.subarray(offset, offset + size)) }))
    .sort((a, b) => a.timeMs - b.timeMs)
}

const anyRecording = fc.record({
  fragments: fc.integer({ min: 2, max: 6 }),
  framesPerFragment: fc.integer({ min: 5, max: 14 }),
  rate: fc.constantFrom(12.5, 25, 30),
  hasBFrames: fc.boolean(),
  sound: fc.constantFrom<null | SoundCodec>(null, 'aac', 'alaw'),
  gaps: fc.constantFrom(undefined, new Map([[1, 3000]])),
})

describe('the exact cut', () => {
  test('shows exactly the frames of the window, at their intervals', () => {
    fc.assert(
      fc.property(anyRecording, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (options, a, b) => {
        const fragments = record(options)
        const { movie, files } = joined(fragments, options.sound)
        const zeroMs = Math.min(...fragments.flatMap(({ video, sound }) => [...video, ...sound].map(({ timeMs }) => timeMs)))
        const frames = fragments
          .flatMap(({ video }) => video)
          .map(({ timeMs, payload }) => ({ timeMs: timeMs - zeroMs, md5: md5(payload) }))
          .sort((x, y) => x.timeMs - y.timeMs)
        const endMs = (frames.at(-1)?.timeMs ?? 0) + 50
        const window = { fromMs: Math.round(Math.min(a, b) * endMs), toMs: Math.round(Math.max(a, b) * endMs) }
        const expected = frames.filter(({ timeMs }) => timeMs >= window.fromMs && timeMs <= window.toMs)
        const result = trimNow(movie, window)
        expect(result.trimmed).toBe(expected.length > 0)
        if (!result.trimmed) return
        const first = expected[0]?.timeMs ?? 0
        expect(result).toMatchObject({ firstFrameMs: first, lastFrameMs: expected.at(-1)?.timeMs })
        const file = render(layOutNow(result.movie), files)
        expect(shownFrames(file)).toEqual(expected.map((frame) => ({ ...frame, timeMs: frame.timeMs - first })))
        expect(readWithMp4box(file)[0]?.samples[0]?.is_sync).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('contains no fragment that is not needed, and nothing after the end', () => {
    const fragments = record({ fragments: 10, rate: 25, framesPerFragment: 25, sound: 'aac' })
    const { movie, files } = joined(fragments, 'aac')
    const result = trimNow(movie, { fromMs: 7300, toMs: 7700 })
    if (!result.trimmed) throw new Error('frames were in the window')
    const bytes = result.movie.spans.reduce((total, { length }) => total + length, 0)
    expect(result.movie.tracks[0]?.edits).toEqual([{ durationMs: 400, mediaTime: 320 }])
    expect(bytes).toBeLessThan(files.reduce((total, file) => total + file.byteLength, 0) / 8)
    expect(result.movie.tracks[0]?.samples.count).toBe(18)
    expect(new Set(result.movie.spans.map(({ source }) => source))).toEqual(new Set([1]))
    expect(result.movie.startMs).toBe((fragments[0]?.startMs ?? 0) + 7320)
  })

  test('cuts the sound to the exact span of the picture', () => {
    const fragments = record({ fragments: 4, rate: 25, framesPerFragment: 25, sound: 'aac' })
    const { movie } = joined(fragments, 'aac')
    const result = trimNow(movie, { fromMs: 1300, toMs: 2690 })
    if (!result.trimmed) throw new Error('frames were in the window')
    const [video, sound] = result.movie.tracks
    expect(video?.edits).toEqual([{ durationMs: 1400, mediaTime: 320 }])
    const [edit] = sound?.edits ?? []
    expect(edit?.durationMs).toBe(1400)
    // One frame of warm-up, and the part of a frame before the picture begins.
    expect(edit?.mediaTime).toBe(((1320 * 48) % 1024) + 1024)
    expect(sound?.samples.count).toBe(Math.ceil((2720 * 48) / 1024) - Math.floor((1320 * 48) / 1024) + 1)
  })

  test('a second cut inside the first stays inside it', () => {
    const fragments = record({ fragments: 4, rate: 25, framesPerFragment: 25, hasBFrames: true })
    const { movie, files } = joined(fragments, null)
    const once = trimNow(movie, { fromMs: 1300, toMs: 3100 })
    const twice = once.trimmed ? trimNow(once.movie, { fromMs: -5000, toMs: 99_000 }) : once
    if (!once.trimmed || !twice.trimmed) throw new Error('frames were in the window')
    expect(shownFrames(render(layOutNow(twice.movie), files))).toEqual(shownFrames(render(layOutNow(once.movie), files)))
  })

  test('a frame before missing footage is not shown past the end of the cut', () => {
    const fragments = record({ fragments: 2, rate: 25, framesPerFragment: 25, gaps: new Map([[1, 60_000]]) })
    const { movie } = joined(fragments, null)
    const result = trimNow(movie, { fromMs: 500, toMs: 2000 })
    expect(result).toMatchObject({ trimmed: true, lastFrameMs: 960, endMs: 2000 })
  })
})
